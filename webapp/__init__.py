"""Latchkey: login, sessions and API tokens. ``create_app`` is imported lazily (PEP 562).

``webapp.verify`` must not load Flask, so nothing is imported here.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from webapp.app import create_app

__all__ = ["create_app"]


def __getattr__(name: str) -> Any:
    if name == "create_app":
        return import_module("webapp.app").create_app
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
