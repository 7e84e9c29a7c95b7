"""Check of the age of the signing key."""

from datetime import timedelta

from webapp.cli.health_checks.finding import Finding, ok, warn
from webapp.core.clock import now
from webapp.core.signing_keys import SigningKey

OLD = timedelta(days=365)


def age(current: SigningKey) -> Finding:
    if current.created_at is None:
        return ok("keys", "The signing key comes from WEBAPP_SIGNING_KEY; its age is not known.")
    days = (now() - current.created_at).days
    if now() - current.created_at > OLD:
        return warn("keys", f"The signing key is {days} days old.", "Run: python -m webapp keys rotate")
    return ok("keys", f"The signing key is {days} days old.")
