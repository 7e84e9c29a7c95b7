"""@answers: what a view takes and gives as JSON, said where the view is, read by the API description."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

from msgspec import Struct
from wtforms import Form

P = ParamSpec("P")
R = TypeVar("R")

MARK = "contract"


@dataclass(frozen=True, slots=True)
class Contract:
    answer: type[Struct] | None
    form: type[Form] | None
    status: int


def answers(
    answer: type[Struct] | None, *, form: type[Form] | None = None, status: int = 200
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Worn below the guard; ``None`` for an answer without a body."""

    def wear(view: Callable[P, R]) -> Callable[P, R]:
        setattr(view, MARK, Contract(answer, form, status))
        return view

    return wear


def contract_of(view: Callable[..., Any]) -> Contract | None:
    found: Contract | None = getattr(view, MARK, None)
    return found
