"""Alembic migrations, run by ``python -m webapp db upgrade``."""
