"""handler_of(): the function that answers a method, which in a ``MethodView`` is a method of its class."""

from collections.abc import Callable
from typing import Any

from flask.views import MethodView

View = Callable[..., Any]


def handler_of(view: View, method: str) -> View:
    """The function that answers ``method``, with what was declared above it; ``view`` itself unless it is a class.

    Args:
        view: as Flask has it in ``view_functions``.
        method: in capitals.
    """
    return handlers_of(view).get("GET" if method == "HEAD" and not has_head(view) else method, view)


def handlers_of(view: View) -> dict[str, View]:
    """The functions of a ``MethodView`` by their method; empty for any other view."""
    found = getattr(view, "view_class", None)
    if found is None or not issubclass(found, MethodView):
        return {}
    return {method: getattr(found, method.lower()) for method in sorted(found.methods or ())}


def has_head(view: View) -> bool:
    """Whether a ``MethodView`` answers HEAD itself; Flask calls ``get`` otherwise."""
    return hasattr(getattr(view, "view_class", None), "head")
