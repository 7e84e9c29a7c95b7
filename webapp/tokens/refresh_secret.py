"""Refresh tokens as texts: how one looks, and which one follows which."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from webapp.core.digests import derive, digest, keyed, new_secret

# By which a scanner of code and logs knows one; a bearer token looks otherwise.
PREFIX = "lkr_"
SHAPE = re.compile(r"lkr_[A-Za-z0-9_-]{43}", re.ASCII)


def first() -> str:
    return PREFIX + new_secret()


@dataclass(frozen=True, slots=True, repr=False)
class RefreshSecrets:
    """A successor is derived from the token that it replaces: it can be said again, though only digests are kept.

    Neither our key nor the old token alone is enough to make it.
    """

    keys: Sequence[bytes]
    """The first derives; the others did before the secret key was changed."""

    @classmethod
    def from_secrets(cls, secret_key: str, *former: str) -> "RefreshSecrets":
        return cls([derive(key, "refresh token succession") for key in (secret_key, *former)])

    def after(self, secret: str, family_id: UUID, generation: int) -> str:
        """The token of this generation, which follows ``secret``."""
        return self._derived(self.keys[0], secret, family_id, generation)

    def again(self, secret: str, family_id: UUID, generation: int, known: bytes) -> str | None:
        """The same, with the digest ``known``; None where its key is gone."""
        found = (self._derived(key, secret, family_id, generation) for key in self.keys)
        return next((successor for successor in found if digest(successor) == known), None)

    def _derived(self, key: bytes, secret: str, family_id: UUID, generation: int) -> str:
        return PREFIX + keyed(key, f"{family_id} {generation} {secret}")
