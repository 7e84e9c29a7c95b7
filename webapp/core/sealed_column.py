"""SealedColumn: encrypted content of a table: under which secret key each row is, and moving it to the current one."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from webapp.core.db import Database
from webapp.core.encryption import DecryptionFailed, Encryptor
from webapp.settings import Settings

BATCH = 200
"""Rows in one transaction: other writers wait for it."""


class SealedWith(StrEnum):
    CURRENT = "current"
    FORMER = "former"
    NONE = "none"
    """No secret key of this process: it cannot be decrypted."""


@dataclass(frozen=True, slots=True)
class SealedColumn:
    name: str
    """What the rows hold, for the operator; in the plural."""
    purpose: str
    """Purpose of the key that encrypts them, derived from the secret key."""
    id: InstrumentedAttribute[Any]
    sealed: InstrumentedAttribute[Any]
    belongs_to: InstrumentedAttribute[Any]
    """Its value is the associated data, without which a row cannot be decrypted."""

    def encryptor(self, settings: Settings) -> Encryptor:
        return Encryptor(settings.secret_key, self.purpose, former=settings.secret_key_fallbacks)

    def count(self, db: Session, settings: Settings) -> Counter[SealedWith]:
        """Number of rows by the secret key that decrypts them."""
        encryptor, counts = self.encryptor(settings), Counter[SealedWith]()
        for batch in self._batches(db):
            counts.update(sealed_with(encryptor, sealed, str(owner)) for _, sealed, owner in batch)
        return counts

    def reseal(self, database: Database, settings: Settings) -> Iterator[int]:
        """Encrypt with the current secret key what a former one decrypts, some rows at a time.

        It may be stopped at any time and started again.

        Returns:
            Number of rows of each step that were moved.
        """
        encryptor = self.encryptor(settings)
        with database.read() as db:
            behind = [
                [row for row in batch if sealed_with(encryptor, row[1], str(row[2])) is SealedWith.FORMER]
                for batch in self._batches(db)
            ]
        for rows in filter(None, behind):
            with database.write() as db:
                moved = sum(self._reseal_row(db, encryptor, *row) for row in rows)
            yield moved

    def _reseal_row(self, db: Session, encryptor: Encryptor, key: Any, sealed: bytes, owner: Any) -> bool:
        content = encryptor.open(sealed, belongs_to=str(owner))
        moved = (
            update(self.id.class_)
            # Unless it was changed meanwhile, by a process that has the current secret key too.
            .where(self.id == key, self.sealed == sealed)
            .values({self.sealed.key: encryptor.seal(content, belongs_to=str(owner))})
            .returning(self.id)
        )
        return db.execute(moved).first() is not None

    def _batches(self, db: Session) -> Iterator[list[Any]]:
        query = select(self.id, self.sealed, self.belongs_to).where(self.sealed.is_not(None)).order_by(self.id)
        after = None
        while batch := list(db.execute((query.where(self.id > after) if after is not None else query).limit(BATCH))):
            yield batch
            after = batch[-1][0]


def sealed_with(encryptor: Encryptor, sealed: bytes, belongs_to: str) -> SealedWith:
    try:
        return SealedWith.CURRENT if encryptor.is_current(sealed, belongs_to=belongs_to) else SealedWith.FORMER
    except DecryptionFailed:
        return SealedWith.NONE
