"""Format of refresh tokens, and derivation of each from the one before."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from webapp.core.digests import derive, digest, keyed, new_secret

# Prefix by which secret scanners recognise it; access tokens are JWTs and have none.
PREFIX = "lkr_"
SHAPE = re.compile(r"lkr_[A-Za-z0-9_-]{43}", re.ASCII)


def first() -> str:
    """A random refresh token, the first of a family."""
    return PREFIX + new_secret()


@dataclass(frozen=True, slots=True, repr=False)
class RefreshSecrets:
    """Derives each refresh token from the one before, so it can be returned again although only digests are stored.

    Both the site's key and the former token are needed.
    """

    keys: Sequence[bytes]
    """The first is used for new tokens; the others were, before the secret key changed."""

    @classmethod
    def from_secrets(cls, secret_key: str, *former: str) -> "RefreshSecrets":
        return cls([derive(key, "refresh token succession") for key in (secret_key, *former)])

    def after(self, secret: str, family_id: UUID, generation: int) -> str:
        """The refresh token of this generation, which replaces ``secret``."""
        return self._derived(self.keys[0], secret, family_id, generation)

    def again(self, secret: str, family_id: UUID, generation: int, successor_digest: bytes) -> str | None:
        """Derive the same successor again, checked by its digest; None if its key is no longer configured."""
        found = (self._derived(key, secret, family_id, generation) for key in self.keys)
        return next((successor for successor in found if digest(successor) == successor_digest), None)

    def _derived(self, key: bytes, secret: str, family_id: UUID, generation: int) -> str:
        return PREFIX + keyed(key, f"{family_id} {generation} {secret}")
