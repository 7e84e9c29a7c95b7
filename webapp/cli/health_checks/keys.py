"""Check of the age of the signing key."""

from collections.abc import Sequence
from datetime import timedelta

from webapp.cli.health_checks.finding import Finding, ok, warn
from webapp.cli.output import moment
from webapp.core.clock import now
from webapp.core.signing_keys import SigningKey

OLD = timedelta(days=365)


def age(keys: Sequence[SigningKey], current: SigningKey) -> Finding:
    if pending := next((key for key in keys if key.is_pending(now())), None):
        return ok("keys", f"A new signing key is published, and signs from {moment(pending.signs_from)}.")
    if current.created_at is None:
        return ok("keys", "The signing key comes from WEBAPP_SIGNING_KEY; its age is not known.")
    days = (now() - current.created_at).days
    if now() - current.created_at > OLD:
        return warn("keys", f"The signing key is {days} days old.", "Run: python -m webapp keys rotate")
    return ok("keys", f"The signing key is {days} days old.")
