"""opened(): the database for a command; created if missing, checked for its version, closed afterwards."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from webapp.accounts import names
from webapp.audit.log import default_origin
from webapp.cli import plugin_tables, schema
from webapp.cli.context import CommandContext
from webapp.cli.errors import CommandRefused
from webapp.cli.json_output import print_message
from webapp.core import restore
from webapp.core.db import Database
from webapp.core.raw_reader import Unavailable
from webapp.settings import Settings


@contextmanager
def opened(context: CommandContext, *, needs_secret_key: bool = True) -> Iterator[Database]:
    """The database of the site. It is created if there is none; an older version is refused.

    Args:
        needs_secret_key: whether something may be encrypted or decrypted; without, no database is created.

    Raises:
        SecretKeyMissing, OtherSecretKey: it was used with another secret key.
        CommandRefused: the database is older than this program, or does not answer.
    """
    with answering():
        settings = context.settings if needs_secret_key else context.settings_to_read
        names.configure(settings.email_special_domains, email_user_names=settings.email_user_names)
        make_or_compare(settings, may_make=needs_secret_key)
        database = Database(settings.database)
        former = default_origin.set("cli")
        try:
            yield database
        finally:
            default_origin.reset(former)
            database.close()


@contextmanager
def answering() -> Iterator[None]:
    """Turn ``Unavailable`` into one sentence for the operator."""
    try:
        yield
    except Unavailable as error:
        raise CommandRefused(
            f"The database does not answer ({' '.join(str(error).split())}). Try again later."
        ) from error


def make_or_compare(settings: Settings, *, may_make: bool) -> None:
    version = schema.version(settings)
    if version is None and not may_make:
        raise CommandRefused(schema.NONE_YET)
    if version is None:
        bring_up(settings)
    elif version != schema.head():
        raise CommandRefused("The database is older than this program. Run: python -m webapp db upgrade")
    elif may_make:
        schema.set_up_keys(settings)


def bring_up(settings: Settings) -> str | None:
    """Run the migrations, if any, with a note on standard error; those of plug-ins too. Returns the former version."""
    copying = CopyBeforeMigration(settings)
    former = schema.upgrade(settings, on_migrate=lambda former: copying.begin(is_new=former is None))
    plugin_tables.upgrade(settings, plugin_tables.plugins(settings), on_migrate=copying.begin)
    return former


class CopyBeforeMigration:
    """Copies a SQLite database once, before the first of several migrations; a new one needs no copy."""

    def __init__(self, settings: Settings) -> None:
        self._settings, self._has_begun = settings, False

    def begin(self, *, is_new: bool = False) -> None:
        """Copy the database before the first migration, and print that the upgrade begins.

        Raises:
            CommandRefused: there is no copy, so the database must not be migrated.
        """
        if self._has_begun:
            return
        self._has_begun = True
        file = None if is_new else schema.file_of(self._settings)
        if file is None:
            print_message(self._settings, "Upgrading the database ...", err=True)
        else:
            copy_path = str(copy_of(file))
            print_message(
                self._settings,
                f"Upgrading the database ...\nA copy of it is kept: {copy_path}",
                err=True,
                copy=copy_path,
            )


def copy_of(file: Path) -> Path:
    try:
        return restore.copy_before_change(file)
    except (OSError, sqlite3.Error) as error:
        reason = (isinstance(error, OSError) and error.strerror) or error
        raise CommandRefused(
            f"The database {file} cannot be copied before it is upgraded: {reason}. It was not upgraded."
        ) from error
