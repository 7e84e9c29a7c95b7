"""Last use: counted at once, written at most once a minute for each credential, and after the answer."""

import atexit
import logging
import threading
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.core.clock import now
from webapp.core.db import Database, Unavailable
from webapp.credentials.models import Credential, CredentialUse, ResourceUse
from webapp.credentials.usage_store import Tell, Use, ignore_new_network, write
from webapp.guard.principal import CredentialRow

log = logging.getLogger(__name__)

MINUTE = timedelta(minutes=1)
MOST_PENDING = 4096


class UsageTracker:
    """Uses not yet written. Reading should not mean writing, and the answer should not wait for it."""

    def __init__(self, database: Database, tell: Tell = ignore_new_network) -> None:
        self._database, self._tell = database, tell
        self._pending: dict[UUID, Use] = {}
        self._lock = threading.Lock()
        atexit.register(self.flush)

    def count(
        self,
        standing: CredentialRow,
        address: str | None,
        method: str = "",
        rule: str = "",
        user_agent: str | None = None,
        at: datetime | None = None,
    ) -> bool:
        """Count one use.

        Args:
            rule: of the route that was asked; empty where there is none.
            at: now, where somebody has looked at the clock already.

        Returns:
            Whether it is time to ``flush``: something waits since a minute ago, or was never used before.
        """
        moment = at or now()
        with self._lock:
            use = self._pending.get(standing.credential_id)
            if use is None:
                use = Use(standing.user_id, standing.credential, 0, moment, moment, address, {}, set())
                self._pending[standing.credential_id] = use
            use.requests, use.last_at = use.requests + 1, moment
            if address != use.address:
                use.leave(address)
            if standing.credential == "token" and rule:
                # Tuples of what is there anyway: made into words when they are written.
                use.resource = resource = (method, rule)
                use.resources[resource] = use.resources.get(resource, 0) + 1
                use.user_agent = user_agent
            oldest = next(iter(self._pending.values()))
            is_due = standing.last_used_at is None or moment - standing.last_used_at >= MINUTE
            return is_due or moment - oldest.first_at >= MINUTE or len(self._pending) > MOST_PENDING

    def flush(self) -> None:
        """Write what waits. A busy database keeps it waiting: a count is not worth an error."""
        with self._lock:
            pending, self._pending = self._pending, {}
        if not pending:
            return
        try:
            with self._database.write() as db:
                write(db, pending, self._tell)
        except Unavailable:
            log.warning("uses not written")
            self.take_back(pending)

    def take_back(self, unwritten: dict[UUID, Use]) -> None:
        with self._lock:
            for credential_id, use in unwritten.items():
                if (since := self._pending.get(credential_id)) is None:
                    self._pending[credential_id] = use
                else:
                    since.take_in(use)

    def close(self) -> None:
        """Write what waits, for the last time."""
        atexit.unregister(self.flush)
        self.flush()


def by_day(db: Session, credential_ids: Iterable[UUID], *, since: date) -> dict[UUID, dict[date, int]]:
    """Requests by credential and day; days without any are left out."""
    found: dict[UUID, dict[date, int]] = {credential_id: {} for credential_id in credential_ids}
    query = select(CredentialUse).where(CredentialUse.credential_id.in_(found), CredentialUse.day >= since)
    for use in db.scalars(query):
        found[use.credential_id][use.day] = use.requests
    return found


def by_scripts(db: Session, user_id: UUID, *, since: date) -> dict[date, int]:
    """Requests with any of a user's tokens, by day."""
    query = select(CredentialUse.day, func.sum(CredentialUse.requests)).join(
        Credential, Credential.id == CredentialUse.credential_id
    )
    query = query.where(Credential.user_id == user_id, Credential.kind == "token", CredentialUse.day >= since).group_by(
        CredentialUse.day
    )
    return {day: int(requests) for day, requests in db.execute(query)}


def by_resource(db: Session, credential_id: UUID, *, since: date) -> dict[str, int]:
    """Requests with one token by what they asked, the most frequent first."""
    count = func.sum(ResourceUse.requests)
    query = select(ResourceUse.resource, count).where(
        ResourceUse.credential_id == credential_id, ResourceUse.day >= since
    )
    query = query.group_by(ResourceUse.resource).order_by(count.desc(), ResourceUse.resource)
    return {resource: int(requests) for resource, requests in db.execute(query)}
