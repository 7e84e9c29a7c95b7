"""The base URL that tokens and passkeys belong to: noted once, after the migration that added the columns."""

from urllib.parse import urlsplit

from webapp.core.db import Database
from webapp.mfa import passkeys
from webapp.settings import Settings
from webapp.tokens import issuers


def fill_missing_base_url(settings: Settings) -> None:
    """Store the oldest known base URL in the rows that have none."""
    url = settings.oldest_base_url
    database = Database(settings.database)
    try:
        with database.write() as db:
            issuers.note_issuer(db, url)
            passkeys.note_rp_id(db, urlsplit(url).hostname or "")
    finally:
        database.close()
