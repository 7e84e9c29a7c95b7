"""Imports the models of every package, so that the metadata has all tables: a new package needs no entry here."""

from importlib import import_module
from pathlib import Path

from webapp.core.db import Base

ROOT = Path(__file__).resolve().parents[1]
for found in sorted((*ROOT.glob("*/models.py"), *ROOT.glob("*/models/__init__.py"))):
    import_module(f"webapp.{found.relative_to(ROOT).parts[0]}.models")

metadata = Base.metadata
