"""Identity: whom a provider knows by a name and a password."""

from dataclasses import dataclass
from typing import Protocol

from webapp.accounts.names import key_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What a provider says of whoever has the right password."""

    username: str
    email: str | None = None
    """One that the provider answers for: it counts as verified."""
    display_name: str | None = None
    subject: str = ""
    """By what they are known there for good, such as an entryUUID; empty where that is the name."""

    @property
    def key(self) -> str:
        return self.subject or key_of(self.username)


class IdentityProvider(Protocol):
    def authenticate(self, identifier: str, password: str) -> Identity | None:
        """Whose name or address, and password, these are; None where they do not go together."""
