"""The names of all limits, read from the source."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from webapp.core.ratelimit_storage import SPENT

SOURCE = Path(__file__).resolve().parents[2] / "webapp"
OF_UNDECIDED = "login-network", "login-name"
"""Limits of which the undecided attempts are counted too (``login.pending_attempts``)."""


@cache
def volatile_by_name() -> dict[str, bool]:
    """Whether it is volatile, by the name of each limit."""
    return {name: is_volatile(call) for call in calls() for name in names_of(call.args[0])}


def calls() -> Iterator[ast.Call]:
    for text in (file.read_text() for file in SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(text)) if "Limit(" in text else ():
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Limit":
                yield node


def names_of(argument: ast.expr) -> list[str]:
    if isinstance(argument, ast.Constant):
        return [str(argument.value)]
    assert isinstance(argument, ast.JoinedStr), ast.dump(argument)
    first, rest = argument.values
    assert isinstance(first, ast.FormattedValue)
    assert isinstance(rest, ast.Constant)
    return [begin + str(rest.value) for begin in ([SPENT] if is_spent(first) else OF_UNDECIDED)]


def is_spent(value: ast.FormattedValue) -> bool:
    return isinstance(value.value, ast.Name) and value.value.id == "SPENT"


def is_volatile(call: ast.Call) -> bool:
    return any(keyword.arg == "is_volatile" for keyword in call.keywords)
