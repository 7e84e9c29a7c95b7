"""@responds: declares the request and response types of a view, from which the OpenAPI document is built."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

from msgspec import Struct
from wtforms import Form

P = ParamSpec("P")
R = TypeVar("R")

ATTRIBUTE = "contract"
"""Attribute of a view function that holds its ``Contract``."""
JSON, CSV, JSON_LINES = "application/json", "text/csv", "application/jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """The JSON interface of one view, as ``@responds`` declares it."""

    answer: type[Struct] | type[str] | None
    """Type of the response body; ``str`` for CSV, JSON lines and other bodies that are not one JSON value."""
    form: type[Form] | None
    """Request body."""
    query: type[Struct] | None
    """Query parameters, as passed to ``parse_query``."""
    status: int
    """Status of a successful response."""
    has_location: bool
    """Whether a 201 names the URL of the new resource in ``Location``."""
    kind: str
    """Media type of the response body."""
    refuses: tuple[int, ...]
    """Error statuses of the view itself; those of the guard, the body and the URL are added by ``openapi_document``."""


def responds(
    answer: type[Struct] | type[str] | None,
    *,
    form: type[Form] | None = None,
    query: type[Struct] | None = None,
    status: int = 200,
    location: bool = True,
    kind: str = JSON,
    refuses: tuple[int, ...] = (),
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """View decorator that declares the JSON interface for the OpenAPI document; written below ``@require``.

    It changes nothing about the view and checks nothing.

    Args:
        answer: type of the response body; None for a response without one.
        form: request body.
        query: query parameters, as passed to ``parse_query``.
        status: of a successful response.
        location: False for a 201 whose new resource has no URL, and so no ``Location`` (RFC 9110 §15.3.2).
        kind: media type of the response body.
        refuses: error statuses of the view itself.
    """
    contract = Contract(
        answer=answer,
        form=form,
        query=query,
        status=status,
        has_location=location and status == 201,
        kind=kind,
        refuses=refuses,
    )

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        setattr(view, ATTRIBUTE, contract)
        return view

    return decorate


def contract_of(view: Callable[..., Any]) -> Contract | None:
    """What ``@responds`` declared of a view; None for a view without it."""
    found: Contract | None = getattr(view, ATTRIBUTE, None)
    return found
