"""Libraries that few requests need and all starts would wait for: imported when first used."""

from importlib import import_module
from typing import Any


def lazily(module: str) -> Any:
    return import_module(module)
