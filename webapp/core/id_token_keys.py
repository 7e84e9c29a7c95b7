"""IdTokenKeys: the key rings that sign what apps read: that of the site, and one of RS256 for apps that know no other.

Access tokens are signed and accepted with the ring of the site alone.
"""

from typing import Any

from webapp.core.keys import FileRing, KeyRing, SigningKey, ring_for
from webapp.settings import Settings

FURTHER = "RS256"
"""OpenID Connect Core §15.1 demands it of every provider, and many apps know nothing else."""
NAME = "id_token_keys"


class IdTokenKeys:
    def __init__(self, site: KeyRing, settings: Settings) -> None:
        self.site, self._settings = site, settings
        self._further: FileRing | None = None

    @classmethod
    def of(cls, settings: Settings) -> "IdTokenKeys":
        return cls(ring_for(settings), settings)

    @property
    def algorithms(self) -> tuple[str, ...]:
        """Those that an app can choose, the one of the site first."""
        own = self.site.current().algorithm
        # Keys from the settings are shared by several machines; a file of one of them would not be.
        return (own,) if self._settings.signing_key or own in (FURTHER, "HS256") else (own, FURTHER)

    def ring(self, *, is_rs256: bool) -> KeyRing:
        """The ring that signs for an app; that of RS256 is made when it is first needed."""
        if not is_rs256 or FURTHER not in self.algorithms[1:]:
            return self.site
        if self._further is None:
            instance, overlap = self._settings.instance, self._settings.token_lifetime_max
            self._further = FileRing(instance, algorithm=FURTHER, overlap=overlap, name=NAME)
        return self._further

    def rings(self) -> list[KeyRing]:
        """Those that there are. Another process may have made the second one."""
        has_further = (self._settings.instance / f"{NAME}.json").exists() and FURTHER in self.algorithms[1:]
        return [self.site, self.ring(is_rs256=True)] if has_further else [self.site]

    def keys(self) -> list[SigningKey]:
        return [key for ring in self.rings() for key in tuple(ring.keys())]

    def holding(self, kid: str) -> KeyRing:
        """The ring that has a key; that of the site if none has."""
        return next((ring for ring in self.rings() if ring.find(kid) is not None), self.site)

    def jwks(self) -> dict[str, Any]:
        """The public keys of all rings (RFC 7517 §5)."""
        return {"keys": [key for ring in self.rings() for key in ring.jwks()["keys"]]}
