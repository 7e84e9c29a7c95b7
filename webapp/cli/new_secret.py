"""keys new-secret: begin with a new secret key where that of the database is lost."""

from collections import Counter

import click

from webapp.audit.log import Event, record
from webapp.cli.commands import Command
from webapp.cli.context import CommandContext, pass_context
from webapp.cli.db_context import opened
from webapp.cli.emergency import ended_counts
from webapp.cli.errors import CommandRefused
from webapp.cli.output import print_note
from webapp.cli.prompts import confirm
from webapp.cli.reseal import counts_by_column, words_of
from webapp.cli.schema import set_up_keys
from webapp.core import secret_key_marks
from webapp.core.clock import now
from webapp.core.db import Database
from webapp.core.key_table import KeyTable
from webapp.core.sealed_column import SealedWith
from webapp.credentials import lifecycle as credentials
from webapp.mail import outbox
from webapp.settings import Settings, private_files

CONFIRMATION = "new secret key"


@click.command("new-secret", cls=Command)
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@pass_context
def command(context: CommandContext, *, yes: bool) -> None:
    """Replace a lost secret key with a new one. Stop the server first.

    \b
    What was encrypted with it cannot be read any more:
    - Signing keys: every session, token and script login ends. New keys are created.
    - Authenticator apps: their users need a recovery code, a passkey or a reset of their second factors.
    - Waiting mails are not sent, and saved forms are lost.
    Passwords, passkeys, recovery codes, users, roles and the audit log stay. WEBAPP_SECRET_KEY becomes the new secret
    key if it is set; otherwise one is created in the instance folder. To change a secret key that is not lost, see
    docs/keys.md.

    \b
    Example:
      python -m webapp keys new-secret
    """
    with opened(context, needs_secret_key=False) as database:
        refuse_unless_lost(context, database)
        with database.read() as db:
            undecryptable = words_of(counts_by_column(db, context.settings_to_read), SealedWith.NONE)
        print_note(f"Cannot be decrypted any more: {undecryptable or 'nothing'}.")
        confirm("Every session, token and script login ends, and what is listed above is lost", CONFIRMATION, yes=yes)
        if not context.has_secret_key:
            private_files.make_secret_key(context.settings_to_read.instance)
        settings = Settings.from_env(context.environ)
        ended = replace(database, settings)
    set_up_keys(settings)
    print_note(f"Ended: {' and '.join(ended_counts(ended))}.")
    print_note("The database belongs to the new secret key. Keep a copy of it somewhere other than the backups.")


def refuse_unless_lost(context: CommandContext, database: Database) -> None:
    if not context.has_secret_key:
        return
    try:
        with database.read() as db:
            secret_key_marks.check(secret_key_marks.stored_marks(db), context.settings_to_read)
    except secret_key_marks.OtherSecretKey:
        return
    raise CommandRefused("The secret key of this database is not lost. To change it, see docs/keys.md.")


def replace(database: Database, settings: Settings) -> Counter[str]:
    with database.write() as db:
        KeyTable(database, settings).remove_unreadable(db)
        secret_key_marks.keep_only(db, settings.secret_key)
        ended = credentials.end_every_credential(db)
        outbox.give_up_all(db, before=now(), reason="the secret key that it was encrypted with is lost")
        record(db, Event.SECRET_KEY_REPLACED, ended=dict(ended))
    return ended
