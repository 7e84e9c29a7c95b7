"""Reference: the OpenAPI document as the page /docs shows it, by group, with parameters, responses and an example."""

from collections.abc import Iterable, Iterator
from http import HTTPStatus
from typing import Any

import msgspec

from webapp.site.field_docs import Field, members, parameter
from webapp.site.request_examples import curl_command

Schema = dict[str, Any]


class ReferenceAnswer(msgspec.Struct, frozen=True):
    status: int
    words: str
    fields: list[str]

    @property
    def is_refusal(self) -> bool:
        return self.status >= HTTPStatus.BAD_REQUEST


class ReferenceEntry(msgspec.Struct, frozen=True):
    """One method of one path."""

    id: str
    method: str
    path: str
    summary: str
    description: str
    session: str
    token: str
    parameters: list[Field]
    body: list[Field]
    responses: list[ReferenceAnswer]
    refusals: list[ReferenceAnswer]
    curl: str


class ReferenceGroup(msgspec.Struct, frozen=True):
    name: str
    operations: list[ReferenceEntry]


class Reference(msgspec.Struct, frozen=True):
    groups: list[ReferenceGroup]
    refusals: list[ReferenceAnswer]
    """Each error response once."""
    problem: list[Field]
    """Fields that all error responses have."""


def reference(document: Schema) -> Reference:
    entries = list(entries_of(document))
    groups = [
        ReferenceGroup(tag["name"], [entry for name, entry in entries if name == tag["name"]])
        for tag in document["tags"]
    ]
    refusals = {refusal.status: refusal for _, entry in entries for refusal in entry.refusals}
    problem = members(document["components"]["schemas"]["ProblemDetails"])
    return Reference(groups, [refusals[status] for status in sorted(refusals)], list(problem))


def entries_of(document: Schema) -> Iterator[tuple[str, ReferenceEntry]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield operation["tags"][0], reference_entry(document, method.upper(), path, operation)


def reference_entry(document: Schema, method: str, path: str, operation: Schema) -> ReferenceEntry:
    takes = resolved(document, body_schema(operation))
    responses = list(answers(document, operation))
    return ReferenceEntry(
        id=operation["operationId"],
        method=method,
        path=path,
        summary=operation["summary"],
        description=operation.get("description", ""),
        session=operation["x-by-session"],
        token=operation["x-by-token"],
        parameters=[parameter(found) for found in operation.get("parameters", ())],
        body=list(members(takes)),
        responses=[answer for answer in responses if not answer.is_refusal],
        refusals=[answer for answer in responses if answer.is_refusal],
        curl=curl_command(document["servers"][0]["url"], method, path, operation, takes),
    )


def body_schema(operation: Schema) -> Schema:
    found: Schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    return found


def answers(document: Schema, operation: Schema) -> Iterator[ReferenceAnswer]:
    for status, response in operation["responses"].items():
        found = resolved(document, response)
        schemas = (kind["schema"] for kind in found.get("content", {}).values())
        yield ReferenceAnswer(int(status), found["description"], names(document, schemas))


def names(document: Schema, schemas: Iterable[Schema]) -> list[str]:
    return [name for schema in schemas for name in resolved(document, schema).get("properties", {})]


def resolved(document: Schema, schema: Schema) -> Schema:
    """Resolve a ``$ref`` within the document."""
    if "$ref" not in schema:
        return schema
    place: Schema = document
    for step in schema["$ref"].removeprefix("#/").split("/"):
        place = place[step]
    return place
