"""ROOT: the folder of the files that are not Python modules."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
"""The checkout: ``templates/``, ``static/``, ``docs/`` and, by default, ``instance/``."""
