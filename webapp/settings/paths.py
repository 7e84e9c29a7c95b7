"""Finds the files that are not Python modules, in a checkout and in an installed package, and the release."""

import tomllib
from functools import lru_cache
from importlib.metadata import version as version_of
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
PACKAGED = Path(__file__).resolve().parents[1] / "_files"
ROOT = PACKAGED if PACKAGED.is_dir() else CHECKOUT
"""The folder of ``templates/``, ``static/`` and ``docs/``: the checkout, or where the wheel has put them."""
INSTANCE = (Path.cwd() if ROOT == PACKAGED else CHECKOUT) / "instance"
"""The default instance folder: of the checkout, or of the working directory where the package is installed."""


@lru_cache
def release() -> str:
    """The version, such as "0.1.0"."""
    if ROOT == PACKAGED:
        return version_of("latchkey")
    release: str = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    return release
