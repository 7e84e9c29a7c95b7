"""The link by which the first admin is made, as long as there is none."""

from webapp.accounts import one_time_links, registration
from webapp.core.db import Database
from webapp.settings import Settings


def make(database: Database, settings: Settings) -> str | None:
    """A new one, which replaces the former; None once somebody looks after others."""
    with database.write() as db:
        if not registration.is_unkept(db):
            return None
        return f"{settings.base_url}/setup/{one_time_links.make(db, registration.SETUP, settings.setup_lifetime)}"


def lifetime_in_words(settings: Settings) -> str:
    return f"{max(1, int(settings.setup_lifetime.total_seconds() // 60))} minutes"
