"""TableRing: keys in the database, created at the first start; changes apply on every machine within a second."""

from datetime import timedelta

from sqlalchemy.orm import Session

from webapp.core import clock
from webapp.core.key_table import KeyTable
from webapp.core.keys import KeyRing, KeyView, RotationRefused, configured_ring, view_of
from webapp.core.signing_keys import SigningKey, generate, keys_of, text_of
from webapp.settings import InstanceError, Settings

SITE = "signing_keys"
"""Name of the set that signs tokens."""


class TableRing(KeyRing):
    def __init__(self, table: KeyTable, *, algorithm: str, overlap: timedelta, name: str = SITE) -> None:
        self._table, self._algorithm, self._overlap, self._name = table, algorithm, overlap, name
        self._cached: tuple[str, KeyView] | None = None

    @property
    def has_keys(self) -> bool:
        return self._table.text(self._name) is not None

    def view(self) -> KeyView:  # on every request
        text, cached = self._table.text(self._name), self._cached
        if cached is not None and cached[0] is text:
            until = cached[1].until
            if until is None or clock.now() < until:
                return cached[1]
        if text is None:
            raise InstanceError("The database has no signing keys yet. Run: python -m webapp db upgrade")
        view = view_of(keys_of(text), clock.now())
        self._cached = text, view
        return view

    def ensure(self, db: Session) -> SigningKey:
        """The key that signs; created if there is none of the algorithm of the settings."""
        keys, now = self._stored(db), clock.now()
        found = next((key for key in keys if key.signs_at(now) and key.algorithm == self._algorithm), None)
        return found or self.rotate(db, self._overlap)

    def rotate(self, db: Session, overlap: timedelta, *, signs_after: timedelta = timedelta()) -> SigningKey:
        now = clock.now()
        signs_from = now + signs_after
        live = [key for key in self._stored(db) if not key.has_ended(now)]
        if signs_after and (pending := next((key for key in live if key.is_pending(now)), None)):
            raise RotationRefused(f"The new key {pending.kid} does not sign yet. See: python -m webapp keys list")
        used = [key for key in live if not key.is_pending(now)]
        retired = [key if key.is_retired(now) else key.retired(signs_from, overlap=overlap) for key in used]
        new = generate(self._algorithm, now, signs_from=signs_from if signs_after else None)
        self._store(db, [new, *retired])
        return new

    def replace(self, db: Session) -> SigningKey:
        self._stored(db)
        new = generate(self._algorithm, clock.now())
        self._store(db, [new])
        return new

    def retire(self, db: Session, kid: str) -> None:
        keys, now = self._stored(db), clock.now()
        old = next((key for key in keys if key.kid == kid and not key.has_ended(now)), None)
        if old is None:
            raise RotationRefused(f"There is no signing key {kid}.")
        if old.signs_at(now):
            raise RotationRefused(f"{kid} signs new tokens. Rotate it first: python -m webapp keys rotate")
        left = [key for key in keys if key.kid != kid]
        if old.is_pending(now):
            left = [key.kept_signing() if key.retired_at == old.signs_from else key for key in left]
        self._store(db, left)

    def forget_private_keys(self, db: Session) -> int:
        """Remove the private halves of keys that no longer sign. Returns the number of keys."""
        keys, now = self._stored(db), clock.now()
        spare = sum(key.is_retired(now) and key.has_spare_private for key in keys)
        if spare:
            self._store(db, keys)
        return spare

    def _stored(self, db: Session) -> list[SigningKey]:
        text = self._table.stored(db, self._name)
        return [] if text is None else keys_of(text)

    def _store(self, db: Session, keys: list[SigningKey]) -> None:
        keys_to_store = [key.without_private() if key.is_retired(clock.now()) else key for key in keys]
        self._table.store(db, self._name, text_of(keys_to_store))


def ring_for(settings: Settings, table: KeyTable) -> KeyRing:
    table_ring = TableRing(table, algorithm=settings.signing_algorithm, overlap=settings.token_lifetime_max)
    return configured_ring(settings) or table_ring
