"""Where the files of the installation are: the only place that finds them."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
"""The checkout: ``templates/``, ``static/``, ``docs/`` and, by default, ``instance/``."""
