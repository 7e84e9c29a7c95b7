"""Checks of the secret key and of the age of the signing key."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from sqlalchemy.orm import Session

from webapp.cli import reseal, secret_key
from webapp.cli.health_checks.finding import Finding, bad, ok, warn
from webapp.cli.output import moment
from webapp.core import secret_key_marks
from webapp.core.clock import now
from webapp.core.db import Database
from webapp.core.key_table import KeyTable
from webapp.core.sealed_column import SealedWith
from webapp.core.signing_keys import SigningKey
from webapp.core.table_ring import ring_for
from webapp.settings import InstanceError, Settings

MAX_AGE = timedelta(days=365)


def findings(db: Session, database: Database, settings: Settings, *, has_secret_key: bool) -> Iterator[Finding]:
    if not has_secret_key:
        yield in_two("secret key", secret_key.missing(settings))
        return
    try:
        secret_key_marks.check(secret_key_marks.stored_marks(db), settings)
    except secret_key_marks.OtherSecretKey as error:
        yield in_two("secret key", str(error))
        return
    yield from sealed(db, settings)
    try:
        ring = ring_for(settings, KeyTable(database, settings))
        yield age(ring.keys(), ring.current())
    except InstanceError as error:
        yield in_two("keys", str(error))


def in_two(about: str, message: str) -> Finding:
    """A finding of a message: its first sentence is the problem, the others are the remedy."""
    problem, _, remedy = message.partition(". ")
    return bad(about, f"{problem}.", remedy)


def sealed(db: Session, settings: Settings) -> Iterator[Finding]:
    counts = reseal.counts_by_column(db, settings)
    if undecryptable := reseal.words_of(counts, SealedWith.NONE):
        remedy = "Add their secret key to WEBAPP_SECRET_KEY_FALLBACKS. If it is lost, see docs/keys.md."
        yield bad("secret key", f"Cannot be decrypted with any secret key of this site: {undecryptable}.", remedy)
    if behind := reseal.words_of(counts, SealedWith.FORMER):
        yield warn("secret key", f"Still encrypted with a former one: {behind}.", "Run: python -m webapp keys reseal")
    elif len(secret_key_marks.stored_marks(db)) > 1:
        yield warn("secret key", "The database still belongs to a former one too.", "Run: python -m webapp keys reseal")
    elif not undecryptable:
        yield ok("secret key", "Everything that is encrypted can be decrypted with it.")


def age(keys: Sequence[SigningKey], current: SigningKey) -> Finding:
    if pending := next((key for key in keys if key.is_pending(now())), None):
        return ok("keys", f"A new signing key is published, and signs from {moment(pending.signs_from)}.")
    if current.created_at is None:
        return ok("keys", "The signing key comes from WEBAPP_SIGNING_KEY; its age is not known.")
    days = (now() - current.created_at).days
    if now() - current.created_at > MAX_AGE:
        return warn("keys", f"The signing key is {days} days old.", "Run: python -m webapp keys rotate")
    return ok("keys", f"The signing key is {days} days old.")
