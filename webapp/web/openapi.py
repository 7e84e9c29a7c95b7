"""document(): the OpenAPI 3.1 document of the site, from the operations that ``site/openapi_document`` collects."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from webapp.web.api_schema import JSON, Contract
from webapp.web.openapi_schemas import (
    REF,
    TEXT,
    Schema,
    components,
    form_schema,
    openapi_path,
    path_parameters,
    query_parameters,
)
from webapp.web.problem_kinds import WORDS, phrase_of

FORM = "application/x-www-form-urlencoded"
PROBLEM = "application/problem+json"
SPECIFICATION = "3.1.1"
# Of the API, not of the program: it changes with incompatible changes of URLs or members.
VERSION = "1"
LOCATION = {"Location": "URL of the new resource."}
HEADERS: dict[int, Schema] = {
    401: {"WWW-Authenticate": "`Bearer` with the realm. `error_description` says what is wrong with the credential."},
    429: {"Retry-After": "Seconds to wait before the next attempt."},
    503: {"Retry-After": "Seconds to wait before the next attempt."},
}


class ProblemDetails(msgspec.Struct, frozen=True, kw_only=True):
    """Every refusal (RFC 9457)."""

    type: str
    title: str
    status: int
    instance: str
    detail: str | UnsetType = UNSET
    code: str | UnsetType = UNSET
    required: list[str] | UnsetType = UNSET
    any_of: list[list[str]] | UnsetType = UNSET
    fix: str | UnsetType = UNSET
    errors: dict[str, list[str]] | UnsetType = UNSET
    error: str | UnsetType = UNSET


MEMBERS = {
    "type": {"format": "uri", "description": "Problem type: the URL of a page that explains it."},
    "instance": {"format": "uri", "description": "Request ID, as in the log."},
    "code": {"description": "Error code if access was refused: `token_missing`, `scope_required` …"},
    "required": {"description": "What is missing: a role, a scope or `session`."},
    "any_of": {
        "description": "Where alternatives are missing: the scopes of which one is enough, `required` names one."
    },
    "fix": {"format": "uri", "description": "URL of a form to create a token with the missing permission."},
    "errors": {"description": "Errors by field."},
    "error": {"description": "OAuth error code, if there is one: `invalid_target`, `invalid_scope` …"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """An Operation Object (OpenAPI 3.1 §4.8.10): one method of one route."""

    id: str
    method: str
    rule: str
    """URL rule in Flask's syntax."""
    tag: str
    summary: str
    description: str
    security: Sequence[dict[str, list[str]]]
    by_session: str
    """Who may call it with a session, in words."""
    by_token: str
    """Who may call it with a token, in words."""
    refusals: Iterable[int]
    """All error statuses."""
    contract: Contract


@dataclass(frozen=True, slots=True)
class ApiInfo:
    """Parts of the document that do not depend on the operations."""

    name: str
    url: str
    about: str
    schemes: Schema
    """``securitySchemes``."""
    choices: dict[str, list[str]]
    """Choices by field name, of fields that get theirs only when a form is made."""


def document(info: ApiInfo, operations: Sequence[Operation]) -> Schema:
    """The OpenAPI document, ready for JSON."""
    paths: dict[str, Schema] = {}
    for operation in operations:
        paths.setdefault(openapi_path(operation.rule), {})[operation.method.lower()] = operation_object(operation)
    refusals = sorted({status for operation in operations for status in operation.refusals})
    return {
        "openapi": SPECIFICATION,
        "info": {"title": info.name, "version": VERSION, "description": info.about},
        "servers": [{"url": info.url}],
        "tags": [{"name": tag} for tag in sorted({operation.tag for operation in operations})],
        "paths": paths,
        "components": {
            "schemas": schemas(operations, info.choices),
            "responses": {name_of(status): refusal(status) for status in refusals},
            "securitySchemes": info.schemes,
        },
    }


def schemas(operations: Iterable[Operation], choices: dict[str, list[str]]) -> Schema:
    contracts = [operation.contract for operation in operations]
    structs = {c.answer: None for c in contracts if c.answer is not None and issubclass(c.answer, msgspec.Struct)}
    found = components([ProblemDetails, *structs])
    for member, words in MEMBERS.items():
        found[ProblemDetails.__name__]["properties"][member] |= words
    return found | {c.form.__name__: form_schema(c.form, choices) for c in contracts if c.form}


def operation_object(operation: Operation) -> Schema:
    contract = operation.contract
    found: Schema = {
        "operationId": operation.id,
        "tags": [operation.tag],
        "summary": operation.summary,
        "description": operation.description,
        "parameters": path_parameters(operation.rule) + query_parameters(contract.query),
        "requestBody": body(contract),
        "responses": {str(contract.status): success(contract)}
        | {str(status): {"$ref": f"#/components/responses/{name_of(status)}"} for status in sorted(operation.refusals)},
        "security": list(operation.security),
        "x-by-session": operation.by_session,
        "x-by-token": operation.by_token,
    }
    return {name: value for name, value in found.items() if value or name == "security"}


def body(contract: Contract) -> Schema | None:
    if contract.form is None:
        return None
    schema = {"schema": ref(contract.form)}
    # The body is optional if the form has no required field.
    is_needed = not form_schema(contract.form, {}).keys().isdisjoint({"required", "oneOf"})
    return {"required": is_needed, "content": {JSON: schema, FORM: schema}}


def success(contract: Contract) -> Schema:
    found: Schema = {"description": phrase_of(contract.status)}
    if contract.answer is not None:
        schema = TEXT if contract.answer is str else ref(contract.answer)
        found["content"] = {contract.kind: {"schema": schema}}
    return found | headers(LOCATION if contract.has_location else {})


def refusal(status: int) -> Schema:
    content = {PROBLEM: {"schema": ref(ProblemDetails)}}
    return {"description": "{}. {}".format(*WORDS[status]), "content": content} | headers(HEADERS.get(status, {}))


def headers(descriptions: Schema) -> Schema:
    """Header Objects for headers that are always sent; ``descriptions`` maps each to its description."""
    header_objects = {
        name: {"description": words, "required": True, "schema": {"type": "string"}}
        for name, words in descriptions.items()
    }
    return {"headers": header_objects} if header_objects else {}


def ref(kind: type[Any]) -> Schema:
    return {"$ref": REF.format(name=kind.__name__)}


def name_of(status: int) -> str:
    return phrase_of(status).title().replace(" ", "")
