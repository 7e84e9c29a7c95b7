"""The OpenAPI document as a page to read: groups of operations, each with what goes in, what comes out, and a line to try."""

from collections.abc import Iterable, Iterator
from http import HTTPStatus
from typing import Any

import msgspec

from webapp.site.lines import line

Schema = dict[str, Any]

METHODS = ("get", "post", "put", "patch", "delete")


class Field(msgspec.Struct, frozen=True):
    """Something that goes in."""

    name: str
    type: str
    required: bool
    where: str
    description: str
    choices: list[str]


class Answer(msgspec.Struct, frozen=True):
    status: int
    words: str
    fields: list[str]


class Entry(msgspec.Struct, frozen=True):
    """One method of one address."""

    method: str
    path: str
    summary: str
    description: str
    session: str
    token: str
    parameters: list[Field]
    body: list[Field]
    responses: list[Answer]
    curl: str


class Group(msgspec.Struct, frozen=True):
    name: str
    operations: list[Entry]


class Reference(msgspec.Struct, frozen=True):
    about: str
    groups: list[Group]


def reference(document: Schema) -> Reference:
    found = [
        (operation["tags"][0], entry(document, method.upper(), path, operation))
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    ]
    names = [tag["name"] for tag in document["tags"]]
    groups = [Group(name, [made for tag, made in found if tag == name]) for name in names]
    return Reference(document["info"]["description"], groups)


def entry(document: Schema, method: str, path: str, operation: Schema) -> Entry:
    takes = resolved(document, body_schema(operation))
    return Entry(
        method=method,
        path=path,
        summary=operation["summary"],
        description=operation.get("description", ""),
        session=operation["x-by-session"],
        token=operation["x-by-token"],
        parameters=[parameter(found) for found in operation.get("parameters", ())],
        body=list(members(takes)),
        responses=list(answers(document, operation)),
        curl=line(document["servers"][0]["url"], method, path, operation, takes),
    )


def resolved(document: Schema, schema: Schema) -> Schema:
    place: Schema = document
    if "$ref" not in schema:
        return schema
    for step in schema["$ref"].removeprefix("#/").split("/"):
        place = place[step]
    return place


def body_schema(operation: Schema) -> Schema:
    content: Schema = operation.get("requestBody", {}).get("content", {})
    found: Schema = content.get("application/json", {}).get("schema", {})
    return found


def parameter(found: Schema) -> Field:
    return field(found["name"], found["schema"], found, where=found["in"], is_required=found.get("required", False))


def members(schema: Schema) -> Iterator[Field]:
    required = schema.get("required", ())
    for name, described in schema.get("properties", {}).items():
        yield field(name, described, described, where="body", is_required=name in required)


def field(name: str, schema: Schema, words: Schema, *, where: str, is_required: bool) -> Field:
    # What stands for nothing is said by "required", or by its absence.
    schema = schema.get("anyOf", [schema])[0]
    choices = [str(choice) for choice in schema.get("items", schema).get("enum", ())]
    return Field(name, type_words(schema), is_required, where, words.get("description", ""), choices)


def type_words(schema: Schema) -> str:
    if schema.get("type") == "array":
        return f"list of {schema['items'].get('type', 'value')}s"
    shape = schema.get("format") or schema.get("type", "string")
    return f"{shape}{bounds(schema)}"


def bounds(schema: Schema) -> str:
    least = schema.get("minLength", schema.get("minimum"))
    most = schema.get("maxLength", schema.get("maximum"))
    if least and most:
        return f" {least}–{most}"
    return f" ≥ {least}" if least else f" ≤ {most}" if most else ""


def answers(document: Schema, operation: Schema) -> Iterator[Answer]:
    for status, response in operation["responses"].items():
        found = resolved(document, response)
        is_refusal = int(status) >= HTTPStatus.BAD_REQUEST
        schemas = () if is_refusal else (kind["schema"] for kind in found.get("content", {}).values())
        yield Answer(int(status), found["description"], names(document, schemas))


def names(document: Schema, schemas: Iterable[Schema]) -> list[str]:
    return [name for schema in schemas for name in resolved(document, schema).get("properties", {})]
