"""Import a library when it is first used, if few requests need it and it would slow down every start."""

from importlib import import_module
from typing import Any


def lazily(module: str) -> Any:
    return import_module(module)
