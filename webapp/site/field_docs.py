"""What goes in, field by field, in words: JSON Schema as people read it."""

from collections.abc import Iterator
from typing import Any

import msgspec

Schema = dict[str, Any]


class Field(msgspec.Struct, frozen=True):
    name: str
    type: str
    limits: str
    required: bool
    where: str
    description: str
    choices: list[str]


def parameter(found: Schema) -> Field:
    return field(found["name"], found["schema"], found, where=found["in"], is_required=found.get("required", False))


def members(schema: Schema) -> Iterator[Field]:
    required = schema.get("required", ())
    for name, described in schema.get("properties", {}).items():
        yield field(name, described, described, where="body", is_required=name in required)


def field(name: str, schema: Schema, words: Schema, *, where: str, is_required: bool) -> Field:
    # That a field may be empty is said by its not being required.
    schema = schema.get("anyOf", [schema])[0]
    choices = [str(choice) for choice in schema.get("items", schema).get("enum", ())]
    return Field(name, type_words(schema), limits(schema), is_required, where, words.get("description", ""), choices)


def type_words(schema: Schema) -> str:
    match schema:
        case {"type": "array"}:
            return f"list of {schema['items'].get('type', 'value')}s"
        case {"type": "object"}:
            return "object"
        case {"enum": [*choices]}:
            return "integer" if all(isinstance(choice, int) for choice in choices) else "string"
        case _:
            return str(schema.get("format") or schema.get("type", "string"))


def limits(schema: Schema) -> str:
    least = schema.get("minLength", schema.get("minimum"))
    most = schema.get("maxLength", schema.get("maximum"))
    unit = " characters" if schema.get("type") == "string" else ""
    if least is not None and most is not None:
        return f"{least} to {most}{unit}"
    return f"at least {least}{unit}" if least else f"at most {most}{unit}" if most else ""
