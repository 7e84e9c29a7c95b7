"""JSON Schemas for the OpenAPI document: path and query parameters, forms, structs."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, get_args, get_type_hints

import msgspec
from wtforms import (
    BooleanField,
    DateField,
    Field,
    Form,
    IntegerField,
    PasswordField,
    SelectField,
    SelectMultipleField,
)
from wtforms.meta import DefaultMeta

from webapp.web.form import SPELLINGS, WordsField

Schema = dict[str, Any]

REF = "#/components/schemas/{name}"
VARIABLE = re.compile(r"<(?:(?P<converter>\w+)(?:\([^)]*\))?:)?(?P<name>\w+)>")
CONVERTERS: dict[str | None, Schema] = {
    "uuid": {"type": "string", "format": "uuid"},
    "int": {"type": "integer", "minimum": 0},
}
TEXT: Schema = {"type": "string"}
# An empty field in a form, or null in JSON, means the same as leaving the field out.
NOTHING: Schema = {"enum": ["", None]}
# The first match counts: some field classes inherit from others.
FIELDS: tuple[tuple[type[Field], Schema], ...] = (
    (SelectMultipleField, {"type": "array"}),
    (BooleanField, {"type": "boolean"}),
    (IntegerField, {"type": "integer"}),
    (DateField, {"type": "string", "format": "date"}),
    (PasswordField, {"type": "string", "format": "password"}),
)
BOUNDS = {"minlength": "minLength", "maxlength": "maxLength", "min": "minimum", "max": "maximum"}


def openapi_path(rule: str) -> str:
    """A Flask URL rule in OpenAPI's syntax, such as "/tokens/{token_id}"."""
    return VARIABLE.sub(r"{\g<name>}", rule)


def path_parameters(rule: str) -> list[Schema]:
    """The Parameter Objects of the variables in a Flask URL rule."""
    return [
        {"name": name, "in": "path", "required": True, "schema": CONVERTERS.get(converter, TEXT)}
        for converter, name in VARIABLE.findall(rule)
    ]


def query_parameters(query: type[msgspec.Struct] | None) -> list[Schema]:
    """The Parameter Objects of a struct for ``parse_query``."""
    if query is None:
        return []
    described = msgspec.json.schema(query)["$defs"][query.__name__]
    return [parameter(name, schema) for name, schema in described["properties"].items()]


def parameter(name: str, schema: Schema) -> Schema:
    words = {"description": schema["description"]} if "description" in schema else {}
    return {"name": name, "in": "query", **words, "schema": {k: v for k, v in schema.items() if k != "description"}}


def form_schema(form: type[Form], choices: Mapping[str, Sequence[str]]) -> Schema:
    """The schema of a form.

    Args:
        choices: by field name, of fields that get theirs only when the form is made.
    """
    fields = list(fields_of(form))
    properties = {field.name: field_schema(field, choices.get(field.name, ())) for field in fields}
    properties |= {SPELLINGS[name]: found | same_as(name) for name, found in properties.items() if name in SPELLINGS}
    # ``csrf_token`` is for forms and described with the header; other members are refused.
    schema: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    if required := [field.name for field in fields if is_required(field)]:
        schema["required"] = required
    if either := getattr(form, "either", ()):
        schema["oneOf"] = [{"required": [name]} for name in either]
    return schema


def fields_of(form: type[Form]) -> Iterator[Field]:
    """The fields of a form class in their order, without making a form, which needs a request."""
    found = [(name, getattr(form, name)) for name in dir(form) if not name.startswith("_")]
    unbound = [(name, field) for name, field in found if hasattr(field, "_formfield")]
    for name, field in sorted(unbound, key=lambda entry: entry[1].creation_counter):
        yield field.bind(form=None, name=name, _meta=DefaultMeta())


def is_required(field: Field) -> bool:
    # A minimum length makes a field required.
    return bool(field.flags.required or (field.flags.minlength and not field.flags.optional))


def field_schema(field: Field, choices: Sequence[str]) -> Schema:
    found = value_schema(field, choices)
    if not (is_required(field) or "enum" in found):
        found = {"anyOf": [*found.get("anyOf", [found]), NOTHING]}
    return found | description_of(field)


def same_as(name: str) -> Schema:
    return {"description": f"The same as `{name}`."}


def value_schema(field: Field, choices: Sequence[str]) -> Schema:
    """The schema of the values of a field, apart from an empty one."""
    schema = next((found for kind, found in FIELDS if isinstance(field, kind)), TEXT)
    bounds = {word: getattr(field.flags, flag) for flag, word in BOUNDS.items() if getattr(field.flags, flag)}
    if isinstance(field, SelectField) and isinstance(field.choices, dict):
        # JSON may have a number as one. The choice without a value is the page's "none of these".
        values = [int(value) if value.isdecimal() else value for value in field.choices if value]
        # null means the same as leaving the field out. The empty text does not: it is refused if it is no choice.
        return bounds | {"enum": [*values, *([] if is_required(field) else [None])]}
    if isinstance(field, SelectMultipleField):
        bounds |= {"items": TEXT | ({"enum": list(choices)} if choices else {})}
        bounds |= {"minItems": 1} if is_required(field) else {}
    if isinstance(field, WordsField):
        return {"anyOf": [schema | bounds, {"type": "array", "items": TEXT}]}
    if getattr(field, "takes_text", False):
        return {"anyOf": [schema | bounds, TEXT]}
    return schema | bounds


def description_of(field: Field) -> Schema:
    return {"description": str(field.description)} if field.description else {}


def components(structs: Sequence[type[msgspec.Struct]]) -> Schema:
    """The schemas of structs and of the structs in their fields, by name."""
    _, schemas = msgspec.json.schema_components(structs, ref_template=REF)
    for name, struct in with_inner(structs):
        mark_instants(schemas[name], struct)
    return schemas


def with_inner(structs: Iterable[type[msgspec.Struct]]) -> Iterator[tuple[str, type[msgspec.Struct]]]:
    """The structs, and those in their fields."""
    for struct in structs:
        yield struct.__name__, struct
        for hint in get_type_hints(struct).values():
            inner = {hint, *get_args(hint)}
            yield from with_inner(kind for kind in inner if isinstance(kind, type) and issubclass(kind, msgspec.Struct))


def mark_instants(described: Schema, struct: type[msgspec.Struct]) -> None:
    # msgspec adds the format "date-time" only to types that refuse naive datetimes; ours are aware by column type.
    for name, hint in get_type_hints(struct).items():
        if datetime in (hint, *get_args(hint)):
            schema = described["properties"][name]
            for part in schema.get("anyOf", [schema]):
                part.update({"format": "date-time"} if part["type"] == "string" else {})
