"""user import: take over users from another program, with their passwords."""

import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import click
import msgspec

from webapp.accounts import import_files, roles, user_import
from webapp.accounts.import_checks import ImportRules
from webapp.accounts.import_files import READERS, InvalidImportFile, Line
from webapp.accounts.user_import import ImportSummary, NamesTakenMeanwhile, RefusedLine
from webapp.cli.commands import Command
from webapp.cli.context import CommandContext, pass_context
from webapp.cli.db_context import opened
from webapp.cli.errors import CommandRefused
from webapp.cli.output import print_note
from webapp.core.db import Database
from webapp.core.humanize import counted
from webapp.mfa import totp
from webapp.mfa.relying_party import party_of

STDIN = Path("-")
# Seconds between two notes of progress.
PAUSE = 5.0


def role_pair(_ctx: click.Context, _param: click.Parameter, pairs: tuple[str, ...]) -> dict[str, str]:
    """``OLD=NEW`` as pairs; a role of the former site may have spaces and signs of equality."""
    if malformed := [pair for pair in pairs if not all(pair.rpartition("="))]:
        raise click.BadParameter(f"{malformed[0]} is not OLD=NEW.")
    return {old: new for old, _sign, new in (pair.rpartition("=") for pair in pairs)}


@click.command("import", cls=Command)
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False, allow_dash=True))
@click.option("--format", "form", type=click.Choice(list(READERS)), help="Of FILE; otherwise its name decides.")
@click.option("--apply/--dry-run", "applies", help="Import the users; the default is to check only.")
@click.option("--skip-refused", is_flag=True, help="Import the other lines even if some are refused.")
@click.option("--map-role", "renamed", multiple=True, callback=role_pair, metavar="OLD=NEW", help="Rename a role.")
@click.option("--default-role", default="user", show_default=True, help="Role of users without one in FILE.")
@click.option("--json", "is_json", is_flag=True, help="Print each refused line as a JSON object.")
@pass_context
def import_(
    context: CommandContext,
    *,
    file: Path,
    form: str | None,
    applies: bool,
    skip_refused: bool,
    renamed: dict[str, str],
    default_role: str,
    is_json: bool,
) -> None:
    """Import users with their password hashes from FILE: CSV, JSON lines or htpasswd; - is standard input.

    Without --apply nothing is imported: each line that would be refused is printed with its number and the reasons.
    With --apply all users are imported or, if a line is refused, none; --skip-refused imports the others. The exit
    code is 1 if a line is refused. Existing users are never changed.

    The fields are id, username, email, email_verified, must_verify_email, roles, disabled, created_at, closes_at,
    display_name, language, time_zone, known_elsewhere_as, password_hash, totp_seed and passkeys; only username is
    required. See docs/importing-users.md.

    \b
    Examples:
      python -m webapp user import people.csv
      python -m webapp user import people.csv --map-role Editors=editor --apply
      ssh old.example.org cat /etc/apache2/htpasswd | python -m webapp user import - --format htpasswd --apply
    """
    form = form or import_files.format_of(file.name)
    if form is None:
        raise click.UsageError(f"The name of the file does not say its format. Give --format {'|'.join(READERS)}.")
    settings = context.settings
    encryptor = totp.encryptor_for(settings)
    party = party_of(settings.base_url, settings.site_name, settings.former_base_urls)
    with opened(context) as database, tempfile.TemporaryFile() as accepted:
        with database.read() as db:
            rules = ImportRules(
                closures={role.name: role.closure for role in roles.list_roles(db)},
                renamed=renamed,
                default_role=default_role,
                encryptor=encryptor,
                rp_ids=party.ids if party else (),
                accepts_signed=bool(settings.flask_security_password_salt),
            )
        with source(file) as lines, database.read() as db, readable(file):
            parsed_lines = with_progress(READERS[form](lines))
            summary = user_import.check(
                db, parsed_lines, rules, refuse=print_refusal_as_json if is_json else print_refusal, accepted=accepted
            )
        if applies and (skip_refused or not summary.refused):
            write(database, accepted, summary, file="standard input" if file == STDIN else file.name)
    print_summary(summary, applies=applies, skips=skip_refused)
    if summary.refused:
        click.get_current_context().exit(1)


@contextmanager
def source(file: Path) -> Iterator[IO[bytes]]:
    if file == STDIN:
        yield sys.stdin.buffer
        return
    try:
        with file.open("rb") as found:
            yield found
    except OSError as error:
        raise CommandRefused(f"{file} cannot be read: {error.strerror}. Nothing was imported.") from error


@contextmanager
def readable(file: Path) -> Iterator[None]:
    try:
        yield
    except InvalidImportFile as error:
        raise CommandRefused(f"{file} cannot be read. {error} Nothing was imported.") from error


def with_progress(lines: Iterator[Line]) -> Iterator[Line]:
    """The same lines, with a note on standard error now and then."""
    noted = time.monotonic()
    for line in lines:
        if time.monotonic() - noted > PAUSE:
            noted = time.monotonic()
            print_note(f"{line.number:,} lines read ...")
        yield line


def write(database: Database, accepted: IO[bytes], summary: ImportSummary, *, file: str) -> None:
    print_note(f"Importing {counted(summary.accepted, 'user')} ...")
    try:
        with database.write() as db:
            user_import.write(db, accepted, summary, file=file)
    except NamesTakenMeanwhile as error:
        raise CommandRefused(
            "Somebody took one of the names or e-mail addresses meanwhile. Nothing was imported. Run it again."
        ) from error


def print_refusal(refusal: RefusedLine) -> None:
    click.echo(f"line {refusal.line}: {refusal.username or '-'}: {refusal.reason}")


def print_refusal_as_json(refusal: RefusedLine) -> None:
    click.echo(msgspec.json.encode(refusal))


def print_summary(summary: ImportSummary, *, applies: bool, skips: bool) -> None:
    users, lines = counted(summary.accepted, "user"), counted(summary.refused, "line")
    if applies and (skips or not summary.refused):
        print_note(f"Imported: {users}. Refused: {lines}.")
    elif applies:
        print_note(f"Nothing was imported. Refused: {lines}. --skip-refused would import the other {users}.")
    else:
        print_note(f"Nothing was imported, this was a dry run. --apply would import: {users}. Refused: {lines}.")
    facts = {
        "Roles": in_words(summary.roles),
        "Password hashes": in_words(summary.schemes),
        "Without a password": str(summary.without_password or ""),
        "With an authenticator app": str(summary.with_totp or ""),
        "With passkeys": str(summary.with_passkeys or ""),
        "Left out, passkeys of another host": in_words(summary.unusable_passkeys),
    }
    for name, value in facts.items():
        if value:
            print_note(f"{name}: {value}")


def in_words(counts: Counter[str]) -> str:
    return ", ".join(f"{number:,} {name}" for name, number in counts.most_common())
