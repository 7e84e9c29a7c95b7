"""KeyTable: named sets of keys in the database, encrypted under the secret key, read again at most once a second."""

import logging
import threading
from collections.abc import Sequence
from time import monotonic

from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from webapp.core.db import Database, Unavailable, advisory_lock
from webapp.core.encryption import DecryptionFailed
from webapp.core.models import StoredKeys
from webapp.core.sealed_column import SealedColumn
from webapp.settings import InstanceError, Settings

log = logging.getLogger(__name__)

KEYS = SealedColumn("sets of keys", "keys", StoredKeys.name, StoredKeys.sealed, StoredKeys.name)
CHANGES = select(func.count(), func.sum(StoredKeys.version))
INTERVAL = 1.0
"""Seconds between two reads of the table: a change applies in every process, on every machine, within this time."""


class KeyTable:
    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._encryptor = KEYS.encryptor(settings)
        self._query = database.compile_for(CHANGES)
        self._lock = threading.Lock()
        self._next_look = 0.0
        self._last_changes: tuple[object, ...] | None = None
        self._sets: dict[str, tuple[int, str]] = {}

    def text(self, name: str) -> str | None:
        """The content of a set; None if there is none. The same object until it changes.

        Raises:
            Unavailable: the database did not answer yet. Afterwards the known content is used until it answers again.
        """
        # Called on every request, so it mostly compares times. One thread reads; others wait for the first read only.
        if monotonic() >= self._next_look and self._lock.acquire(blocking=self._last_changes is None):
            try:
                self._look()
            finally:
                self._lock.release()
        entry = self._sets.get(name)
        return entry and entry[1]

    def look_again(self) -> None:
        """Read the table again at the next call."""
        self._next_look = 0.0

    def stored(self, db: Session, name: str) -> str | None:
        """The content of a set in this transaction, which no other transaction changes meanwhile.

        Raises:
            InstanceError: it cannot be decrypted.
        """
        advisory_lock(db, "keys")
        found = db.get(StoredKeys, name, populate_existing=True)
        return None if found is None else self._opened(found)

    def store(self, db: Session, name: str, text: str) -> None:
        """Write a set; after ``stored``, in the same transaction. This process sees it at once after the commit."""
        event.listen(db, "after_commit", lambda _: self.look_again(), once=True)
        found = db.get(StoredKeys, name) or StoredKeys(name=name, version=0)
        found.version, found.sealed = found.version + 1, self._encryptor.seal(text.encode(), belongs_to=name)
        db.add(found)
        db.flush()

    def remove_unreadable(self, db: Session) -> None:
        """Remove sets that cannot be decrypted."""
        advisory_lock(db, "keys")
        for row in rows(db):
            try:
                self._opened(row)
            except InstanceError:
                db.delete(row)

    def _look(self) -> None:
        try:
            if (changes := self._database.row(self._query.sql, self._query.bind())) != self._last_changes:
                self._reload()
                # Counted before the rows were read, so a change in between is read again, never missed.
                self._last_changes = changes
        except Unavailable:
            if self._last_changes is None:
                raise
            log.warning("keys not available")
        self._next_look = monotonic() + INTERVAL

    def _reload(self) -> None:
        with self._database.read() as db:
            stored = rows(db)
        # A set whose row was removed stays in use until the next start, so that nobody is locked out.
        sets = dict(self._sets)
        for row in stored:
            if row.name in sets and sets[row.name][0] == row.version:
                continue
            try:
                sets[row.name] = row.version, self._opened(row)
            except InstanceError:
                log.exception("keys unreadable", extra={"fields": {"name": row.name}})
        self._sets = sets

    def _opened(self, row: StoredKeys) -> str:
        try:
            return self._encryptor.open(row.sealed, belongs_to=row.name).decode()
        except DecryptionFailed as error:
            raise InstanceError(
                f"The keys “{row.name}” in the database cannot be decrypted with the secret key of this site."
            ) from error


def rows(db: Session) -> Sequence[StoredKeys]:
    """All sets, encrypted as they are."""
    return db.scalars(select(StoredKeys)).all()


def keep_rows(db: Session, newer_rows: Sequence[StoredKeys]) -> None:
    """Replace the sets of a restored database by newer ones, so that no key comes back that was replaced since."""
    for row in newer_rows:
        db.merge(StoredKeys(name=row.name, version=row.version, sealed=row.sealed))
