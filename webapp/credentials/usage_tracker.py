"""UsageTracker: counts uses of credentials in memory and writes them after the response, at most once a minute each."""

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
from webapp.credentials.usage_store import NewNetworkHook, Use, ignore_new_network, write
from webapp.guard.principal import CredentialRow

log = logging.getLogger(__name__)

MINUTE = timedelta(minutes=1)
MAX_PENDING = 4096


class UsageTracker:
    """Uses of credentials that are not written yet; thread-safe, one per process.

    Requests that only read should not write, and no response should wait for a write.
    """

    def __init__(self, database: Database, on_new_network: NewNetworkHook = ignore_new_network) -> None:
        self._database, self._on_new_network = database, on_new_network
        self._pending: dict[UUID, Use] = {}
        self._lock = threading.Lock()
        atexit.register(self.flush)

    def count(
        self,
        credential: CredentialRow,
        ip_address: str | None,
        method: str = "",
        rule: str = "",
        user_agent: str | None = None,
        at: datetime | None = None,
    ) -> bool:
        """Count one use.

        Args:
            ip_address: IP address.
            rule: URL rule of the route; empty if there is none.
            at: the time, if the caller knows it already.

        Returns:
            Whether ``flush`` is due: for the first use of a credential, and when a use has waited for a minute.
        """
        moment = at or now()
        with self._lock:
            use = self._pending.get(credential.credential_id)
            if use is None:
                use = Use(credential.user_id, credential.credential, 0, moment, moment, ip_address, {}, set())
                self._pending[credential.credential_id] = use
            use.requests, use.last_at = use.requests + 1, moment
            if ip_address != use.ip_address:
                use.change_ip_address(ip_address)
            if rule:
                # A tuple costs less per request than formatting the text, which is done when it is written.
                resource = (method, rule)
                use.resources[resource] = use.resources.get(resource, 0) + 1
                if credential.credential == "token":
                    use.resource, use.user_agent = resource, user_agent
            oldest = next(iter(self._pending.values()))
            is_due = credential.last_used_at is None or moment - credential.last_used_at >= MINUTE
            return is_due or moment - oldest.first_at >= MINUTE or len(self._pending) > MAX_PENDING

    def flush(self) -> None:
        """Write all pending uses; if the database is unavailable they stay pending, without an error."""
        with self._lock:
            pending, self._pending = self._pending, {}
        if not pending:
            return
        try:
            with self._database.write() as db:
                write(db, pending, self._on_new_network)
        except Unavailable:
            log.warning("uses not written")
            self.restore(pending)

    def restore(self, unwritten: dict[UUID, Use]) -> None:
        """Make uses pending again, together with those counted meanwhile."""
        with self._lock:
            for credential_id, use in unwritten.items():
                if (since := self._pending.get(credential_id)) is None:
                    self._pending[credential_id] = use
                else:
                    since.merge(use)

    def close(self) -> None:
        """Write all pending uses, at the end of the process."""
        atexit.unregister(self.flush)
        self.flush()


def by_day(db: Session, credential_ids: Iterable[UUID], *, since: date) -> dict[UUID, dict[date, int]]:
    """Number of requests by credential and day (UTC); days without requests are left out."""
    found: dict[UUID, dict[date, int]] = {credential_id: {} for credential_id in credential_ids}
    query = select(CredentialUse).where(CredentialUse.credential_id.in_(found), CredentialUse.day >= since)
    for use in db.scalars(query):
        found[use.credential_id][use.day] = use.requests
    return found


def by_scripts(db: Session, user_id: UUID, *, since: date) -> dict[date, int]:
    """Number of requests with any token of a user, by day (UTC)."""
    query = select(CredentialUse.day, func.sum(CredentialUse.requests)).join(
        Credential, Credential.id == CredentialUse.credential_id
    )
    query = query.where(Credential.user_id == user_id, Credential.kind == "token", CredentialUse.day >= since).group_by(
        CredentialUse.day
    )
    return {day: int(requests) for day, requests in db.execute(query)}


def by_resource(db: Session, credential_id: UUID, *, since: date) -> dict[str, int]:
    """Number of requests with one token by route (method and URL rule), the most frequent first."""
    count = func.sum(ResourceUse.requests)
    query = select(ResourceUse.resource, count).where(
        ResourceUse.credential_id == credential_id, ResourceUse.day >= since
    )
    query = query.group_by(ResourceUse.resource).order_by(count.desc(), ResourceUse.resource)
    return {resource: int(requests) for resource, requests in db.execute(query)}
