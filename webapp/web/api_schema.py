"""@answers: what a view takes and gives as JSON, said where the view is, read by the API description."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

from msgspec import Struct
from wtforms import Form

P = ParamSpec("P")
R = TypeVar("R")

MARK = "contract"
JSON, CSV, JSON_LINES = "application/json", "text/csv", "application/jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    answer: type[Struct] | type[str] | None
    """``str`` for what is not JSON, or not one value of it."""
    form: type[Form] | None
    query: type[Struct] | None
    """What ``web.query.asked`` is told to read."""
    status: int
    has_location: bool
    """Whether the answer names the new thing's URL in ``Location``; only a 201 does."""
    kind: str
    refuses: tuple[int, ...]
    """With which statuses the view itself says no; what the guard, the body and the address may say goes without."""


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
    """Describes the JSON side of a view; applied below the guard.

    Args:
        answer: the type of the body; ``None`` for a response without one.
        status: of success.
        location: False for a 201 that makes nothing with a URL of its own: it sends no ``Location`` (RFC 9110 §15.3.2).
        kind: the media type of the body.
        refuses: the statuses with which the view itself refuses.
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

    def wear(view: Callable[P, R]) -> Callable[P, R]:
        setattr(view, MARK, contract)
        return view

    return wear


def contract_of(view: Callable[..., Any]) -> Contract | None:
    found: Contract | None = getattr(view, MARK, None)
    return found
