"""A new site with its secret key, and one that moves to another, as tests need them."""

from contextlib import closing
from pathlib import Path

from flask import Flask
from sqlalchemy import delete

from webapp.app import create_app
from webapp.cli import schema
from webapp.cli.context import CommandContext
from webapp.core.db import Database
from webapp.core.models import SecretKeyMark, StoredKeys
from webapp.settings import Settings
from webapp.testing import quickened
from webapp.web.registry import services_of

WITH_THESE = {"database_url": "", "secret_key_fallbacks": (), "signing_key": "", "signing_algorithm": "ES256"}
WITHOUT_KEYS = {"config.toml", "database_made"}
OTHER = "k2Vt9sXw4NzB7mCq1LrD8fHj3PyG6aTe"


def new_site(folder: Path) -> None:
    """As the first start makes it."""
    schema.upgrade(CommandContext({"WEBAPP_INSTANCE": str(folder)}).settings)


def site_on(instance: Path, migrated: Path, given: dict[str, str]) -> Flask:
    """A site in a copy of a migrated folder; its keys are looked at only where they can be others than there."""
    settings = Settings.from_env({"WEBAPP_INSTANCE": str(instance)} | given)
    is_known = all(getattr(settings, name) == value for name, value in WITH_THESE.items())
    if not is_known or contents(instance) != contents(migrated):
        schema.set_up_keys(settings)
    return quickened(create_app(settings))


def contents(folder: Path) -> list[tuple[str, bytes]]:
    """Everything on which keys depend."""
    files = sorted(file for file in folder.iterdir() if file.is_file() and file.name not in WITHOUT_KEYS)
    return [(file.name, file.read_bytes()) for file in files]


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
