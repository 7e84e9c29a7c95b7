"""keys reseal: encrypt with the current secret key what is still encrypted with a former one."""

from collections import Counter

import click
from sqlalchemy.orm import Session

from webapp.accounts import mail_requests
from webapp.audit.log import Event, record
from webapp.cli.commands import Command
from webapp.cli.context import CommandContext, pass_context
from webapp.cli.db_context import opened
from webapp.cli.errors import CommandRefused
from webapp.cli.output import print_note
from webapp.core import secret_key_marks
from webapp.core.db import Database
from webapp.core.key_table import KEYS
from webapp.core.sealed_column import SealedColumn, SealedWith
from webapp.federation import provider_sessions, providers, waiting_identities
from webapp.guard import saved_form
from webapp.mail import outbox
from webapp.mfa import totp
from webapp.settings import Settings

COLUMNS = (
    *(KEYS, totp.SEEDS, outbox.CONTENTS, saved_form.FORMS, mail_requests.CONTENTS),
    *(providers.SECRETS, provider_sessions.ID_TOKENS, waiting_identities.ID_TOKENS),
)
"""All that is stored encrypted."""


@click.command("reseal", cls=Command)
@pass_context
def command(context: CommandContext) -> None:
    """Encrypt with the current secret key what is still encrypted with one of WEBAPP_SECRET_KEY_FALLBACKS.

    For after a change of the secret key, once every process has the new one. The server may run. It may be stopped and
    started again. Afterwards no process needs the former secret key to read the database.

    \b
    Example:
      python -m webapp keys reseal
    """
    settings = context.settings
    with opened(context) as database:
        counts = move_all(database, settings)
    if undecryptable := words_of(counts, SealedWith.NONE):
        print_note(f"Cannot be decrypted with any secret key of this site, and stays as it is: {undecryptable}.")
    print_note("Nothing in the database is encrypted with a former secret key. See docs/keys.md before you forget it.")


def move_all(database: Database, settings: Settings) -> dict[str, Counter[SealedWith]]:
    """Encrypt all rows with the current secret key, to which alone the database then belongs.

    Returns:
        For each kind of row, how many were decrypted with which secret key.

    Raises:
        CommandRefused: a process with a former secret key is still writing.
    """
    moved = {column.name: moved_rows(column, database, settings) for column in COLUMNS}
    with database.write() as db:
        counts = counts_by_column(db, settings)
        if behind := words_of(counts, SealedWith.FORMER):
            raise CommandRefused(
                f"A process with a former secret key still runs; it has written {behind}. Restart it with the new "
                "one, and run: python -m webapp keys reseal"
            )
        secret_key_marks.keep_only(db, settings.secret_key)
        if any(moved.values()):
            record(db, Event.SECRET_KEY_CHANGED, moved=sum(moved.values()))
    return counts


def moved_rows(column: SealedColumn, database: Database, settings: Settings) -> int:
    """Move one kind of rows, with a line for each step."""
    moved = 0
    for step in column.reseal(database, settings):
        moved += step
        print_note(f"{column.name}: {moved} moved")
    return moved


def counts_by_column(db: Session, settings: Settings) -> dict[str, Counter[SealedWith]]:
    return {column.name: column.count(db, settings) for column in COLUMNS}


def words_of(counts: dict[str, Counter[SealedWith]], kind: SealedWith) -> str:
    """Counts in words, such as ``authenticator apps (3), mails (1)``; empty if there are none."""
    return ", ".join(f"{name} ({found[kind]})" for name, found in counts.items() if found[kind])
