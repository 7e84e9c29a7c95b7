"""Import a library when it is first used, if few requests need it and it would slow down every start."""

import gc
import sys
from importlib import import_module
from typing import Any


def lazily(module: str) -> Any:
    return import_module(module)


def import_uncollected(module: str) -> Any:
    """Import most of the program with garbage collection switched off, which takes a sixth off the time.

    Modules and classes are no garbage, but each collection would look through all of them. What exists afterwards is
    left out of later collections (``gc.freeze``).
    """
    if module in sys.modules:
        return sys.modules[module]
    gc.disable()
    try:
        return import_module(module)
    finally:
        gc.freeze()
        gc.enable()
