"""What a new package needs elsewhere, and in words what is missing; part of ``make check``."""

import ast
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# Alembic's scripts have no layer.
WITHOUT_LAYER = {"migrations"}


def packages(root: Path) -> set[str]:
    return {found.parent.name for found in (root / "webapp").glob("*/__init__.py")} - WITHOUT_LAYER


def layers(root: Path) -> list[str]:
    """As in ``pyproject.toml``, the highest first; ``|`` separates packages of one layer, brackets mean planned."""
    contracts = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (found,) = (contract["layers"] for contract in contracts if contract["type"] == "layers")
    return found


def missing_layers(root: Path) -> Iterator[str]:
    known = {name.strip(" ()") for layer in layers(root) for name in layer.split("|")}
    for name in sorted(packages(root) - known):
        yield (
            f'webapp/{name} has no layer. Add "{name}" to `layers` in pyproject.toml (contract "Layers: imports point '
            f'down"): below what imports it, above what it imports; if nothing but app does, "… | site | {name}".'
        )
    needed = {name.strip() for layer in layers(root) for name in layer.split("|") if not name.strip().startswith("(")}
    for name in sorted(needed):
        if not (root / "webapp" / name).is_dir() and not (root / "webapp" / f"{name}.py").exists():
            yield f'There is no webapp/{name}. Remove "{name}" from `layers` in pyproject.toml, or put it in brackets.'


def missing_blueprints(root: Path) -> Iterator[str]:
    """A module counts as registered if ``webapp/app/blueprints.py`` imports it, or imports from it."""
    imported = set()
    for node in ast.walk(ast.parse((root / "webapp" / "app" / "blueprints.py").read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            imported |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    for file in sorted((root / "webapp").rglob("*.py")):
        module = ".".join(file.relative_to(root).with_suffix("").parts).removesuffix(".__init__")
        if not has_blueprint(file) or module in imported:
            continue
        # A package of views may export the blueprint of one of its modules.
        parent, _, name = module.rpartition(".")
        if name == "blueprint" and parent in imported:
            continue
        what = parent.removeprefix("webapp.").partition(".")[0]
        yield (
            f"{file.relative_to(root)} has a blueprint that is not registered. "
            "Add two lines to webapp/app/blueprints.py: "
            f'"from {parent} import {name} as {what}" among the imports, and "{what}" in one of the tuples.'
        )


def has_blueprint(file: Path) -> bool:
    text = file.read_text()
    return "Blueprint(" in text and any(
        isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Call)
        and ast.unparse(node.value.func) == "Blueprint"
        for node in ast.parse(text).body
    )


def missing(root: Path = ROOT) -> list[str]:
    """One sentence for each line that is missing, with the line and its file."""
    return [*missing_layers(root), *missing_blueprints(root)]


if __name__ == "__main__":
    sys.exit("\n".join(missing()) or None)
