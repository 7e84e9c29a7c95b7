"""Last use: counted at once, written at most once a minute for each credential, and after the answer."""

import atexit
import logging
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.audit.log import Event, record
from webapp.credentials.models import Credential, CredentialUse
from webapp.guard.principal import Standing
from webapp.kernel.clock import now
from webapp.kernel.db import Database, Unavailable

log = logging.getLogger(__name__)

MINUTE = timedelta(minutes=1)
MOST_PENDING = 4096


@dataclass(slots=True)
class Use:
    user_id: UUID
    kind: str
    requests: int
    first_at: datetime
    last_at: datetime
    address: str | None


class Meter:
    """Uses not yet written. Reading should not mean writing, and the answer should not wait for it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._pending: dict[UUID, Use] = {}
        self._lock = threading.Lock()
        atexit.register(self.flush)

    def count(self, standing: Standing, address: str | None) -> bool:
        """Count one use.

        Returns:
            Whether it is time to ``flush``: something waits since a minute ago, or was never used before.
        """
        moment = now()
        with self._lock:
            use = self._pending.get(standing.credential_id)
            if use is None:
                use = Use(standing.user_id, standing.credential, 0, moment, moment, address)
                self._pending[standing.credential_id] = use
            use.requests, use.last_at, use.address = use.requests + 1, moment, address
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
                write(db, pending)
        except Unavailable:
            log.warning("uses not written")
            self.take_back(pending)

    def take_back(self, unwritten: dict[UUID, Use]) -> None:
        with self._lock:
            for credential_id, use in unwritten.items():
                if (since := self._pending.get(credential_id)) is None:
                    self._pending[credential_id] = use
                else:
                    since.requests, since.first_at = since.requests + use.requests, use.first_at

    def close(self) -> None:
        """Write what waits, for the last time."""
        atexit.unregister(self.flush)
        self.flush()


def write(db: Session, pending: dict[UUID, Use]) -> None:
    for credential_id, use in pending.items():
        # Locked, so that two processes add their counts one after the other, and only one of them saw the first use.
        credential = db.get(Credential, credential_id, with_for_update=True)
        if credential is None:
            continue
        # What a script mints for itself every hour is no news.
        if credential.last_used_at is None and use.kind == "token" and credential.family_id is None:
            record(db, Event.TOKEN_FIRST_USED, user_id=use.user_id, credential_id=credential_id, address=use.address)
        credential.last_used_at, credential.last_used_from = use.last_at, use.address
        if credential.idle is not None:
            credential.idle_at = use.last_at + credential.idle
        add_requests(db, credential_id, use)


def add_requests(db: Session, credential_id: UUID, use: Use) -> None:
    day = use.last_at.date()
    counted = db.get(CredentialUse, (credential_id, day))
    if counted is None:
        db.add(CredentialUse(credential_id=credential_id, day=day, requests=use.requests))
    else:
        counted.requests += use.requests


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
