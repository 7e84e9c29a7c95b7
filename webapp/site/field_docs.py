"""Field: parameters and members of JSON Schemas, described for the API reference."""

from collections.abc import Iterator
from typing import Any

import msgspec

from webapp.core.translation import _, _l

Schema = dict[str, Any]

LISTS = {
    "string": _l("list of strings"),
    "integer": _l("list of integers"),
    "object": _l("list of objects"),
    None: _l("list of values"),
}


class Field(msgspec.Struct, frozen=True):
    name: str
    type: str
    is_list: bool
    limits: str
    required: bool
    where: str
    description: str
    choices: list[str]


def parameter(found: Schema) -> Field:
    return field(found["name"], found["schema"], found, where=found["in"], is_required=found.get("required", False))


def members(schema: Schema) -> Iterator[Field]:
    required = schema.get("required", ())
    for name, member in schema.get("properties", {}).items():
        yield field(name, member, member, where="body", is_required=name in required)


def field(name: str, schema: Schema, words: Schema, *, where: str, is_required: bool) -> Field:
    # "or null" is left out, because the field is shown as optional.
    schema = schema.get("anyOf", [schema])[0]
    choices = [str(choice) for choice in schema.get("items", schema).get("enum", ()) if choice not in ("", None)]
    return Field(
        name,
        type_words(schema),
        schema.get("type") == "array",
        limits(schema),
        is_required,
        where,
        words.get("description", ""),
        choices,
    )


def type_words(schema: Schema) -> str:
    match schema:
        case {"type": "array"}:
            return str(LISTS.get(schema["items"].get("type"), LISTS[None]))
        case {"type": "object"}:
            return "object"
        case {"enum": [*choices]}:
            return "integer" if all(isinstance(choice, int) for choice in choices) else "string"
        case _:
            return str(schema.get("format") or schema.get("type", "string"))


def limits(schema: Schema) -> str:
    least = schema.get("minLength", schema.get("minimum"))
    most = schema.get("maxLength", schema.get("maximum"))
    is_text = schema.get("type") == "string"
    if least is not None and most is not None:
        words = _("%(least)s to %(most)s characters") if is_text else _("%(least)s to %(most)s")
    elif least:
        words = _("at least %(least)s characters") if is_text else _("at least %(least)s")
    elif most:
        words = _("at most %(most)s characters") if is_text else _("at most %(most)s")
    else:
        return ""
    return words % {"least": least, "most": most}
