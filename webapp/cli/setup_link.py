"""The link to create the first admin account, as long as there is no admin."""

from webapp.accounts import one_time_links, registration
from webapp.core.db import Database
from webapp.settings import Settings


def create(database: Database, settings: Settings) -> str | None:
    """A new setup link, which replaces the former one; None if there is an admin already."""
    with database.write() as db:
        if not registration.has_no_administrator(db):
            return None
        return f"{settings.base_url}/setup/{one_time_links.create(db, registration.SETUP, settings.setup_lifetime)}"


def lifetime_in_words(settings: Settings) -> str:
    return f"{max(1, int(settings.setup_lifetime.total_seconds() // 60))} minutes"
