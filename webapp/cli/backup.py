"""db backup: a copy of the database, and when it was made."""

import sqlite3
import time
from pathlib import Path

import click

from webapp.audit.log import Event, record
from webapp.cli import schema
from webapp.cli.commands import Command
from webapp.cli.context import CommandContext, pass_context
from webapp.cli.db_context import answering, opened
from webapp.cli.errors import CommandRefused
from webapp.cli.output import say_aside
from webapp.core import backup
from webapp.core.db import Database, Unavailable
from webapp.settings import Settings

# Seconds after which nothing is noted any more.
PATIENCE = 60.0


@click.command("backup", cls=Command)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), required=False)
@click.option("--made-elsewhere", is_flag=True, help="Only note that one was made by other means, such as pg_dump.")
@pass_context
def command(house: CommandContext, *, file: Path | None, made_elsewhere: bool) -> None:
    """Copy the SQLite database to FILE while the house is served, and note when: doctor says how old the last one is.

    The keys in the instance folder are not in it; copy secret_key and signing_keys.json once, to another place.

    \b
    Examples:
      python -m webapp db backup /srv/backups/latchkey-$(date +%F).db
      pg_dump latchkey > latchkey.sql && python -m webapp db backup --made-elsewhere
    """
    if (file is None) is not made_elsewhere:
        raise click.UsageError("Name a file, or say --made-elsewhere.")
    with answering():
        schema.examine(house.settings)
    if file is not None:
        copy(house.settings, file)
    with opened(house) as database:
        try:
            note(database, origin="elsewhere" if file is None else "cli")
        except Unavailable as error:
            done = "Nothing was noted" if file is None else f"The database is in {file}, and that was not noted"
            raise CommandRefused(f"{done} ({error}); run: python -m webapp db backup --made-elsewhere") from error
    say_aside("It is noted." if file is None else f"The database is in {file}, for your eyes alone.")


def note(database: Database, *, origin: str) -> None:
    """Others may write all the time, and SQLite lets in whoever asks at the right moment: ask again, for a while.

    Raises:
        Unavailable
    """
    until = time.monotonic() + PATIENCE
    while True:
        try:
            with database.write() as db:
                record(db, Event.HOUSE_BACKED_UP, origin=origin)
            return
        except Unavailable:
            if time.monotonic() > until:
                raise


def copy(settings: Settings, file: Path) -> None:
    source = schema.file_of(settings)
    if source is None:
        raise CommandRefused(
            "PostgreSQL is backed up by pg_dump; then run: python -m webapp db backup --made-elsewhere"
        )
    if not source.exists():
        raise CommandRefused("There is no database yet; the first start makes it, or: python -m webapp db upgrade")
    try:
        backup.copy(source, file)
    except FileExistsError as error:
        raise CommandRefused(f"{file} is there already, and nothing is replaced; name another.") from error
    except (OSError, sqlite3.Error) as error:
        why = (isinstance(error, OSError) and error.strerror) or error
        raise CommandRefused(f"{file} cannot be written: {why}. Nothing was kept.") from error
