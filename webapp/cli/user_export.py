"""user export: write all users to a file that ``user import`` reads."""

import os
from collections.abc import Iterator
from pathlib import Path

import click

from webapp.accounts import user_export
from webapp.audit.log import Event, record
from webapp.cli.commands import Command
from webapp.cli.context import CommandContext, pass_context
from webapp.cli.db_context import opened
from webapp.cli.errors import CommandRefused
from webapp.cli.output import print_note
from webapp.core.db import Database
from webapp.core.encryption import Encryptor
from webapp.core.humanize import counted
from webapp.mfa import totp
from webapp.mfa.totp import SeedUnreadable

STDOUT = Path("-")
FORMATS = ("csv", "jsonl")


@click.command("export", cls=Command)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))
@click.option("--format", "form", type=click.Choice(FORMATS), help="Default: by the name of FILE, else JSON lines.")
@click.option("--with-secrets", is_flag=True, help="Also password hashes, passkeys and TOTP seeds, in clear.")
@pass_context
def export(context: CommandContext, *, file: Path, form: str | None, with_secrets: bool) -> None:
    """Write all users to FILE, a new file that only you can read; - is standard output.

    Another site reads it with: user import. It needs --with-secrets for users to log in there as before. Recovery
    codes, sessions and tokens are not part of it: db backup moves a whole site.

    \b
    Examples:
      python -m webapp user export people.csv
      python -m webapp user export people.jsonl --with-secrets
      python -m webapp user export - --with-secrets | age -r age1... > people.jsonl.age
    """
    settings = context.settings
    form = form or ("csv" if file.suffix.lower() == ".csv" else "jsonl")
    encryptor = totp.encryptor_for(settings) if with_secrets else None
    with opened(context) as database:
        descriptor = None if file == STDOUT else new_file(file)
        # First of all, so that nothing leaves the site without a trace.
        with database.write() as db:
            name = "standard output" if file == STDOUT else file.name
            record(db, Event.USERS_EXPORTED, file=name, with_secrets=with_secrets)
        try:
            header = user_export.csv_header(has_secrets=with_secrets) if form == "csv" else b""
            count = write(header, lines(database, form, encryptor), descriptor)
        except SeedUnreadable as error:
            raise CommandRefused(
                f"{file} is not complete: a seed of an authenticator app cannot be decrypted. Is WEBAPP_SECRET_KEY"
                " another one now? Name the former one in WEBAPP_SECRET_KEY_FALLBACKS."
            ) from error
    print_note(f"Exported: {counted(count, 'user')}{', with their secrets' if with_secrets else ''}.")


def new_file(file: Path) -> int:
    try:
        return os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise CommandRefused(f"{file} already exists. Name another file.") from error
    except OSError as error:
        raise CommandRefused(f"{file} cannot be written: {error.strerror}.") from error


def lines(database: Database, form: str, encryptor: Encryptor | None) -> Iterator[bytes]:
    """One line for each user."""
    as_line = user_export.as_csv_line if form == "csv" else user_export.as_json_line
    with database.read() as db:
        yield from map(as_line, user_export.exported(db, encryptor))


def write(header: bytes, users: Iterator[bytes], descriptor: int | None) -> int:
    """Write the lines of all users; returns how many there are."""
    count = 0
    with click.open_file(str(STDOUT), "wb") if descriptor is None else os.fdopen(descriptor, "wb") as out:
        out.write(header)
        for line in users:
            out.write(line)
            count += 1
    return count
