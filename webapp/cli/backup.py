"""db backup: copy the database, and record when."""

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

# Seconds to keep trying to record the backup.
PATIENCE = 60.0


@click.command("backup", cls=Command)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), required=False)
@click.option(
    "--record-only",
    "--made-elsewhere",
    "is_record_only",
    is_flag=True,
    help="Only record a backup made by other means, such as pg_dump.",
)
@pass_context
def command(context: CommandContext, *, file: Path | None, is_record_only: bool) -> None:
    """Copy the SQLite database to FILE, also while the server runs, and record when.

    doctor reports the age of the last backup. It contains the signing keys, encrypted under the secret key, and not the
    secret key: copy the file secret_key once, to another place.

    \b
    Examples:
      python -m webapp db backup /srv/backups/latchkey-$(date +%F).db
      pg_dump latchkey > latchkey.sql && python -m webapp db backup --record-only
    """
    if (file is None) is not is_record_only:
        raise click.UsageError("Give a file, or --record-only.")
    with answering():
        schema.examine(context.settings_to_read)
    if file is not None:
        copy(context.settings_to_read, file)
    with opened(context, needs_secret_key=False) as database:
        try:
            note(database, origin="elsewhere" if file is None else "cli")
        except Unavailable as error:
            done = "Nothing was recorded" if file is None else f"The database is in {file}, but that was not recorded"
            raise CommandRefused(f"{done} ({error}); run: python -m webapp db backup --record-only") from error
    say_aside("Recorded." if file is None else f"The database is in {file}. Only you can read this file.")


def note(database: Database, *, origin: str) -> None:
    """Record the backup as an audit event. Try again for a while: SQLite has one writer, and others may be writing.

    Raises:
        Unavailable
    """
    until = time.monotonic() + PATIENCE
    while True:
        try:
            with database.write() as db:
                record(db, Event.SITE_BACKED_UP, origin=origin)
            return
        except Unavailable:
            if time.monotonic() > until:
                raise


def copy(settings: Settings, file: Path) -> None:
    source = schema.file_of(settings)
    if source is None:
        raise CommandRefused("Back up PostgreSQL with pg_dump, then run: python -m webapp db backup --record-only")
    if not source.exists():
        raise CommandRefused(schema.NONE_YET)
    try:
        backup.copy(source, file)
    except FileExistsError as error:
        raise CommandRefused(f"{file} already exists. Name another file.") from error
    except (OSError, sqlite3.Error) as error:
        why = (isinstance(error, OSError) and error.strerror) or error
        raise CommandRefused(f"{file} cannot be written: {why}. No backup was made.") from error
