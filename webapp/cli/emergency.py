"""keys emergency: a key may be in the wrong hands, so nothing that was handed out counts any more."""

import time
from collections import Counter
from collections.abc import Iterator

import click

from webapp.accounts import invitations, one_time_links
from webapp.audit.log import Event, record
from webapp.cli.commands import Command
from webapp.cli.context import CommandContext, pass_context
from webapp.cli.db_context import opened
from webapp.cli.errors import CommandRefused
from webapp.cli.output import say_aside
from webapp.core.cookie_key import CookieKey
from webapp.core.db import Database
from webapp.core.humanize import counted
from webapp.core.keys import KeyRing, ring_for
from webapp.credentials import lifecycle as credentials

WORD = "end everything"
WORDS = {"refresh": "script login", "trust": "trusted browser", "pending": "half login", "link": "mailed link"}
# Whoever was let in a moment before may be half way through minting; a request does not take longer.
IN_BETWEEN = 2.0

NEXT = """\
Everybody logs in again, and makes new tokens for their scripts; others who verify our tokens fetch the new key.
Passwords that may be known: python -m webapp user password NAME. What came before: python -m webapp audit list."""
BY_HAND = {
    "signing": "Left to you: a new WEBAPP_SIGNING_KEY; until then others who verify our tokens take what it signed.",
    "cookies": "Left to you: a new WEBAPP_SECRET_KEY, without WEBAPP_SECRET_KEY_FALLBACKS; then restart the server.",
}


@click.command("emergency", cls=Command)
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_context
def command(house: CommandContext, *, yes: bool) -> None:
    """A key was stolen: sign with a new one, and end every token, session, mailed link and invitation, at once.

    Old keys verify nothing from then on, in every running process, from the next request on. Cookies are signed with
    another key, where that is not given by WEBAPP_SECRET_KEY. Prints the name of the key that signs now. Exit code 1
    where something is left to do by hand.

    \b
    Example:
      python -m webapp keys emergency
    """
    if not yes and click.prompt(f"Everybody has to log in again. Type “{WORD}” to go on", err=True) != WORD:
        raise CommandRefused("Nothing was changed.")
    ring, cookies = ring_for(house.settings), CookieKey(house.settings)
    left = (["signing"] if house.settings.signing_key else []) + ([] if cookies.is_ours else ["cookies"])
    with opened(house) as database:
        ended = sweep(database, ring, cookies, left)
        time.sleep(IN_BETWEEN)
        with database.write() as db:
            ended += credentials.end_of_everybody(db)
    say_aside(f"Ended: {' and '.join(ended_counts(ended))}.")
    say_aside(NEXT)
    click.echo(ring.current().kid)
    if left:
        raise CommandRefused("\n".join(BY_HAND[what] for what in left))


def sweep(database: Database, ring: KeyRing, cookies: CookieKey, left: list[str]) -> Counter[str]:
    with database.write() as db:
        ended = credentials.end_of_everybody(db)
        # Whoever has the secret key and the database reads the mails that wait, and the links in them.
        ended["link"], ended["invitation"] = one_time_links.void_of_everybody(db), invitations.revoke_all(db)
        ended = +ended
        # Written before the files are changed: what cannot be recorded does not happen.
        former = [key.kid for key in tuple(ring.keys())]
        record(db, Event.EMERGENCY_DECLARED, retired=former, ended=dict(ended), by_hand=left)
        db.flush()
        if "signing" not in left:
            ring.replace()
        cookies.renew()
    return ended


def ended_counts(ended: Counter[str]) -> Iterator[str]:
    kinds = sorted({"session", "token"} | set(ended))
    return (counted(ended[kind], WORDS.get(kind, kind)) for kind in kinds)
