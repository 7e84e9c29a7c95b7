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
    kind: str
    refuses: tuple[int, ...]
    """With which statuses the view itself says no; what the guard, the body and the address may say goes without."""


def answers(
    answer: type[Struct] | type[str] | None,
    *,
    form: type[Form] | None = None,
    query: type[Struct] | None = None,
    status: int = 200,
    kind: str = JSON,
    refuses: tuple[int, ...] = (),
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Worn below the guard; ``None`` for an answer without a body."""
    contract = Contract(answer=answer, form=form, query=query, status=status, kind=kind, refuses=refuses)

    def wear(view: Callable[P, R]) -> Callable[P, R]:
        setattr(view, MARK, contract)
        return view

    return wear


def contract_of(view: Callable[..., Any]) -> Contract | None:
    found: Contract | None = getattr(view, MARK, None)
    return found
