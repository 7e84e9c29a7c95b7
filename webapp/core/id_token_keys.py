"""IdTokenKeys: the key rings that sign what apps read: that of the site, and one of RS256 for apps that know no other.

Access tokens are signed and accepted with the ring of the site alone.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from webapp.core.key_table import KeyTable
from webapp.core.keys import KeyRing, SigningKey
from webapp.core.table_ring import TableRing, ring_for
from webapp.settings import Settings

FURTHER = "RS256"
"""OpenID Connect Core §15.1 demands it of every provider, and many apps know nothing else."""
NAME = "id_token_keys"


class IdTokenKeys:
    def __init__(self, site: KeyRing, further: TableRing) -> None:
        self.site, self.further = site, further

    @classmethod
    def of(cls, settings: Settings, table: KeyTable) -> "IdTokenKeys":
        further = TableRing(table, algorithm=FURTHER, overlap=settings.token_lifetime_max, name=NAME)
        return cls(ring_for(settings, table), further)

    @property
    def algorithms(self) -> tuple[str, ...]:
        """The signing algorithms that an app can choose, that of the site first."""
        site_algorithm = self.site.current().algorithm
        return (site_algorithm,) if site_algorithm in (FURTHER, "HS256") else (site_algorithm, FURTHER)

    def signing_key(self, db: Session, *, is_rs256: bool) -> SigningKey:
        """The key that signs for an app; that of RS256 is made when it is first needed."""
        if is_rs256 and FURTHER in self.algorithms[1:] and not self.further.has_keys:
            return self.further.ensure(db)
        return self.ring(is_rs256=is_rs256).current()

    def ring(self, *, is_rs256: bool) -> KeyRing:
        """The ring that signs for an app; that of the site as long as there is no other."""
        return self.rings()[-1] if is_rs256 else self.site

    def rings(self) -> Sequence[KeyRing]:
        """The key rings that have keys. Another process may have made the second one."""
        return [self.site, self.further] if FURTHER in self.algorithms[1:] and self.further.has_keys else [self.site]

    def keys(self) -> list[SigningKey]:
        return [key for ring in self.rings() for key in tuple(ring.keys())]

    def holding(self, kid: str) -> KeyRing:
        """The ring that has a key; that of the site if none has."""
        return next((ring for ring in self.rings() if ring.find(kid) is not None), self.site)

    def jwks(self) -> dict[str, Any]:
        """The public keys of all rings (RFC 7517 §5)."""
        return {"keys": [key for ring in self.rings() for key in ring.jwks()["keys"]]}

    def forget_private_keys(self, db: Session) -> int:
        """Remove the private halves of retired keys; a job. Returns the number of keys."""
        return sum(ring.forget_private_keys(db) for ring in self.rings() if isinstance(ring, TableRing))
