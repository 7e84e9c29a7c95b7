"""db backup: write the database, the secret key and the settings to one file, and record when."""

import sqlite3
import time
from pathlib import Path

import click

from webapp.audit.log import Event, record
from webapp.cli import backup_contents, passphrase, schema
from webapp.cli.commands import Command
from webapp.cli.context import CommandContext, pass_context
from webapp.cli.db_context import answering, opened
from webapp.cli.errors import CommandRefused
from webapp.cli.output import print_note
from webapp.core import backup_file
from webapp.core.backup_file import InvalidBackup
from webapp.core.db import Database, Unavailable
from webapp.core.postgresql_backup import PostgresqlFailed

# Seconds to keep trying to record the backup.
RETRY_FOR = 60.0
ELSEWHERE = "A backup made by other means is recorded by: python -m webapp db backup --record-only"
READABLE = "It contains the secret key and is not encrypted: whoever can read it can log in as anybody. See --encrypt."


@click.command("backup", cls=Command)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), required=False)
@click.option("--encrypt", is_flag=True, help="Encrypt the file with a passphrase.")
@passphrase.option
@click.option("--without-secret", is_flag=True, help="Leave out the secret key, and settings files with secrets.")
@click.option(
    "--record-only",
    "--made-elsewhere",
    "is_record_only",
    is_flag=True,
    help="Only record a backup made by other means, such as pg_dump.",
)
@pass_context
def command(
    context: CommandContext,
    *,
    file: Path | None,
    encrypt: bool,
    passphrase_file: Path | None,
    without_secret: bool,
    is_record_only: bool,
) -> None:
    """Back up everything needed to restore this site to FILE, and record the time. The server may keep running.

    That is the database (SQLite, or PostgreSQL by pg_dump), the secret key, config.toml and providers.toml, with
    checksums; FILE is read again before it counts. With a passphrase in LATCHKEY_BACKUP_PASSPHRASE or in a file it is
    always encrypted. doctor reports the age of the last backup.

    \b
    Examples:
      python -m webapp db backup --encrypt /srv/backups/latchkey-$(date +%F)
      python -m webapp db backup --passphrase-file /etc/latchkey/passphrase /srv/backups/latchkey-$(date +%F)
    """
    if (file is None) is not is_record_only:
        raise click.UsageError("Give a file, or --record-only.")
    with answering():
        schema.examine(context.settings_to_read)
    with opened(context, needs_secret_key=False) as database:
        if file is not None:
            has_passphrase = encrypt or passphrase.configured(context, passphrase_file) is not None
            phrase = passphrase.new(context, passphrase_file) if has_passphrase else None
            write(context, database, file, phrase, has_secret=not without_secret)
        try:
            record_backup(database, origin="elsewhere" if file is None else "cli")
        except Unavailable as error:
            outcome = "Nothing was recorded" if file is None else f"The backup is in {file}, but that was not recorded"
            raise CommandRefused(f"{outcome} ({error}); run: python -m webapp db backup --record-only") from error
    print_note("Recorded." if file is None else f"The backup is in {file}. Only you can read this file.")


def write(context: CommandContext, database: Database, file: Path, phrase: str | None, *, has_secret: bool) -> None:
    manifest = backup_contents.manifest_of(context)
    try:
        if file.exists():
            raise FileExistsError
        with backup_contents.files(context, database, has_secret=has_secret) as content:
            backup_file.write(file, manifest, content, passphrase=phrase)
    except FileExistsError as error:
        raise CommandRefused(f"{file} already exists. Name another file.") from error
    except PostgresqlFailed as error:
        raise CommandRefused(f"{error}. No backup was made. {ELSEWHERE}") from error
    except (OSError, sqlite3.Error, InvalidBackup) as error:
        reason = (isinstance(error, OSError) and error.strerror) or error
        raise CommandRefused(f"{file} cannot be written: {reason}. No backup was made.") from error
    if has_secret and phrase is None:
        print_note(READABLE)


def record_backup(database: Database, *, origin: str) -> None:
    """Record the backup as an audit event. Try again for a while: SQLite has one writer, and others may be writing.

    Raises:
        Unavailable
    """
    until = time.monotonic() + RETRY_FOR
    while True:
        try:
            with database.write() as db:
                record(db, Event.SITE_BACKED_UP, origin=origin)
            return
        except Unavailable:
            if time.monotonic() > until:
                raise
