"""Imports ``models.py`` of every package, so that the metadata has all tables: a new package needs no entry here."""

from importlib import import_module
from pathlib import Path

from webapp.core.db import Base

for found in sorted(Path(__file__).resolve().parents[1].glob("*/models.py")):
    import_module(f"webapp.{found.parent.name}.models")

metadata = Base.metadata
