"""CookieKey: the keys that sign cookies; ``keys emergency`` renews them in running processes, on every machine."""

import secrets

from sqlalchemy.orm import Session

from webapp.core.digests import derive
from webapp.core.key_table import KeyTable
from webapp.settings import Settings

GENERATION = "cookies"


class CookieKey:
    """The secret key itself, until it is renewed: then a key derived from it and from a generation in the database.

    The secret key itself does not change, because stored data is encrypted with it.
    """

    def __init__(self, settings: Settings, table: KeyTable) -> None:
        self._table = table
        self._secret_keys = settings.secret_key, *settings.secret_key_fallbacks
        self._cached: tuple[str | None, tuple[str, ...]] = None, self._secret_keys

    def current(self) -> tuple[str, ...]:
        """The key that signs, then those that only verify. Called for every cookie; one object until they change."""
        generation, cached = self._table.text(GENERATION), self._cached
        if generation is not cached[0]:
            cached = self._cached = generation, tuple(derived(key, generation) for key in self._secret_keys)
        return cached[1]

    def renew(self, db: Session) -> None:
        """Invalidate every cookie, in every process."""
        self._table.stored(db, GENERATION)
        self._table.store(db, GENERATION, secrets.token_urlsafe(32))


def derived(secret_key: str, generation: str | None) -> str:
    return derive(secret_key, f"cookies: {generation}").hex() if generation else secret_key
