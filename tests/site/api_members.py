"""The names that the OpenAPI document promises: query parameters, form fields and members of answers, by operation."""

from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]
METHODS = ("get", "post", "put", "patch", "delete")


def members_of(document: Schema) -> dict[str, dict[str, list[str]]]:
    """For each operation, such as ``GET /tokens``, the sorted names of its ``query``, ``form`` and ``answer``."""
    return {
        f"{method.upper()} {path}": {part: sorted(set(names)) for part, names in parts_of(document, operation).items()}
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if method in METHODS
    }


def parts_of(document: Schema, operation: Schema) -> dict[str, Iterator[str]]:
    answers = [found for status, found in operation["responses"].items() if status.startswith("2")]
    return {
        "query": (found["name"] for found in operation.get("parameters", ()) if found.get("in") == "query"),
        "form": named_in(document, [operation.get("requestBody", {})]),
        "answer": named_in(document, answers),
    }


def named_in(document: Schema, bodies: list[Schema]) -> Iterator[str]:
    for body in bodies:
        for content in body.get("content", {}).values():
            yield from names_of(document, content.get("schema", {}), ())


def names_of(document: Schema, schema: Schema, within: tuple[str, ...]) -> Iterator[str]:
    """Members of a schema, and with dots those of their values; a schema within itself is not entered again."""
    if (reference := schema.get("$ref")) is not None:
        if reference not in within:
            found = document["components"]["schemas"][reference.rpartition("/")[2]]
            yield from names_of(document, found, (*within, reference))
        return
    for name, value in schema.get("properties", {}).items():
        yield name
        yield from (f"{name}.{inner}" for inner in names_of(document, value, within))
    inner_schemas = [schema[key] for key in ("items", "additionalProperties") if isinstance(schema.get(key), dict)]
    for inner in (*inner_schemas, *(one for key in ("anyOf", "oneOf", "allOf") for one in schema.get(key, ()))):
        yield from names_of(document, inner, within)
