"""keys emergency: a key may be stolen; replace the keys and end every session, token and link."""

import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime

import click
from sqlalchemy.orm import Session

from webapp.accounts import invitations, one_time_links
from webapp.audit.log import Event, record
from webapp.cli.commands import Command
from webapp.cli.context import CommandContext, pass_context
from webapp.cli.db_context import opened
from webapp.cli.errors import CommandRefused
from webapp.cli.output import print_note
from webapp.core import emergency_mark
from webapp.core.clock import now
from webapp.core.cookie_key import CookieKey
from webapp.core.db import Database
from webapp.core.humanize import counted
from webapp.core.id_token_keys import IdTokenKeys
from webapp.core.key_table import KeyTable
from webapp.core.table_ring import TableRing, ring_for
from webapp.credentials import lifecycle as credentials
from webapp.oauth import unused_grants
from webapp.settings import InstanceError, Settings

CONFIRMATION = "end everything"
LABELS = {"refresh": "script login", "trust": "trusted browser", "pending": "pending login", "link": "mailed link"}
# Seconds until requests that were authenticated before the first sweep, and may still issue a token, have ended.
SECOND_SWEEP_AFTER = 2.0

NEXT = """\
Everyone has to log in again and create new tokens for their scripts. Services that verify tokens fetch the new key.
Change passwords that may be known: python -m webapp user password NAME
See what happened before: python -m webapp audit list"""
BY_HAND = "Still to do: set a new WEBAPP_SIGNING_KEY. Until then, other services accept tokens signed with it."


@click.command("emergency", cls=Command)
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@pass_context
def command(context: CommandContext, *, yes: bool) -> None:
    """After a key was stolen: sign with a new key, and end every token, session, mailed link and invitation at once.

    Within a second, no running process, on any machine, accepts the old keys. Cookies are signed with another key too.
    Prints the ID of the new key. The exit code is 1 if something is left to do by hand.

    \b
    Example:
      python -m webapp keys emergency
    """
    if (
        not yes
        and click.prompt(f"Everyone has to log in again. Type “{CONFIRMATION}” to continue", err=True) != CONFIRMATION
    ):
        raise CommandRefused("Nothing was changed.")
    manual_steps = ["signing"] if context.settings.signing_key else []
    with opened(context) as database:
        at = now()
        ended = sweep(database, context.settings, manual_steps)
        record_time(context.settings, at)
        kid = ring_for(context.settings, KeyTable(database, context.settings)).current().kid
        time.sleep(SECOND_SWEEP_AFTER)
        with database.write() as db:
            ended += credentials.end_every_credential(db)
    print_note(f"Ended: {' and '.join(ended_counts(ended))}.")
    print_note(NEXT)
    click.echo(kid)
    if manual_steps:
        raise CommandRefused(BY_HAND)


def sweep(database: Database, settings: Settings, manual_steps: list[str]) -> Counter[str]:
    with database.write() as db:
        ended = credentials.end_every_credential(db)
        # With the secret key and the database, waiting mails and the links in them can be read.
        ended["link"], ended["invitation"] = one_time_links.void_of_everybody(db), invitations.revoke_all(db)
        ended += unused_grants.void_all(db, before=now())
        former = replace_keys(db, database, settings)
        record(db, Event.EMERGENCY_DECLARED, retired=former, ended=dict(ended), by_hand=manual_steps)
    return ended


def replace_keys(db: Session, database: Database, settings: Settings) -> list[str]:
    """Replace all signing keys, without overlap, and invalidate every cookie. Returns the IDs of the former keys."""
    table = KeyTable(database, settings)
    rings = IdTokenKeys.of(settings, table).rings()
    former = [key.kid for ring in rings for key in ring.view().keys]
    for ring in rings:
        if isinstance(ring, TableRing):
            ring.replace(db)
    CookieKey(settings, table).renew(db)
    return former


def record_time(settings: Settings, at: datetime) -> None:
    """Record the time in the instance folder, so that restoring an earlier backup does not bring the old keys back."""
    try:
        emergency_mark.write(settings.instance, at)
    except InstanceError as error:
        print_note(f"{error} If you restore a backup from before, do not use --keep-logins.")


def ended_counts(ended: Counter[str]) -> Iterator[str]:
    kinds = sorted({"session", "token"} | set(ended))
    return (counted(ended[kind], LABELS.get(kind, kind)) for kind in kinds)
