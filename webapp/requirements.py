"""unmet(): the packages that this version needs and that are not installed, or are too old.

It runs before anything of these packages is imported, so it uses the standard library alone.
"""

import re
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
CHECKOUT = PACKAGE.parent
REQUIREMENT = re.compile(r"(?P<name>[A-Za-z0-9._-]+)(?:\[[^\]]*\])?\s*(?:>=\s*(?P<least>[0-9.]+))?")


def requirements() -> list[str]:
    """Requirements such as ``PyJWT[crypto]>=2.15.1``, of the installed package or of the checkout."""
    if (PACKAGE / "_files").is_dir():
        return [line for line in metadata.requires("latchkey") or () if "extra ==" not in line]
    dependencies: list[str] = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
        "dependencies"
    ]
    return dependencies


def unmet() -> Iterator[str]:
    """Unmet requirements, such as ``msgspec 0.22.0 (0.19.0 is installed)``."""
    for found in filter(None, map(REQUIREMENT.match, requirements())):
        name, least = found["name"], found["least"] or "0"
        try:
            installed = metadata.version(name)
        except metadata.PackageNotFoundError:
            yield f"{name} {least}"
            continue
        if numbers(installed) < numbers(least):
            yield f"{name} {least} ({installed} is installed)"


def numbers(version: str) -> tuple[int, ...]:
    """The release of a version, such as ``(3, 1, 3)`` (PEP 440), without trailing zeros."""
    release = re.match(r"[0-9]+(?:\.[0-9]+)*", version)
    return tuple(map(int, re.sub(r"(?:\.0+)+$", "", release[0]).split("."))) if release else ()


def sentence() -> str:
    """What is missing and how to install it; empty if nothing is."""
    if not (missing := list(unmet())):
        return ""
    is_package = (PACKAGE / "_files").is_dir()
    how = "pip install --upgrade latchkey" if is_package else "pip install --require-hashes -r requirements.txt"
    return f"This version needs packages that are not installed: {', '.join(missing)}. Run: {how}"
