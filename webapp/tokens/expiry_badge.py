"""ExpiryBadge: whether a token of the user expires soon; shown on every page, so cached for a minute."""

from datetime import datetime, timedelta
from uuid import UUID

from webapp.core.clock import now
from webapp.core.db import Database
from webapp.credentials import lifecycle as credentials
from webapp.tokens.token_list import SOON

CACHE_TIME = timedelta(minutes=1)
MAX_ENTRIES = 4096


class ExpiryBadge:
    """Whether a user has a token that expires soon; cached per user."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[UUID, tuple[datetime, bool]] = {}

    def __call__(self, user_id: UUID) -> bool:
        cached, moment = self._known.get(user_id), now()
        if cached is not None and timedelta() <= moment - cached[0] < CACHE_TIME:
            return cached[1]
        if len(self._known) >= MAX_ENTRIES:
            self._known.clear()
        found = self.look_up(user_id)
        self._known[user_id] = moment, found
        return found

    def look_up(self, user_id: UUID) -> bool:
        with self._database.read() as db:
            # Without tokens issued for a short time, which always expire soon.
            return credentials.has_expiring(db, user_id, "token", within=SOON)
