"""A new site with its secret key, and one that moves to another, as tests need them."""

from contextlib import closing
from pathlib import Path

from flask import Flask
from sqlalchemy import delete

from webapp.cli import schema
from webapp.cli.context import CommandContext
from webapp.core.db import Database
from webapp.core.models import SecretKeyMark, StoredKeys
from webapp.web.registry import services_of

OTHER = "k2Vt9sXw4NzB7mCq1LrD8fHj3PyG6aTe"


def new_site(folder: Path) -> None:
    """As the first start makes it."""
    schema.upgrade(CommandContext({"WEBAPP_INSTANCE": str(folder)}).settings)


def forget_signing_keys(folder: Path) -> None:
    """Let the next process make a signing key, as at the first start."""
    settings = CommandContext({"WEBAPP_INSTANCE": str(folder)}).settings
    with closing(Database(settings.database)) as database, database.write() as db:
        db.execute(delete(StoredKeys))


def forget_secret_keys(app: Flask) -> None:
    """Let the next process begin with any secret key, although nothing that is encrypted was moved to it."""
    with services_of(app).get(Database).write() as db:
        for table in (StoredKeys, SecretKeyMark):
            db.execute(delete(table))
