"""Identity: whom a provider knows by a name and a password."""

from dataclasses import dataclass
from typing import Protocol

from webapp.accounts.names import key_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What a provider says of whoever has the right password."""

    username: str
    email: str | None = None
    email_verified: bool = True
    """The provider's claim that the e-mail address is theirs (OpenID Connect Core §5.1), trusted without a mail of our
    own. Say False where people may enter any address there."""
    display_name: str | None = None
    subject: str = ""
    """By what they are known there for good, such as an entryUUID; empty where that is the name."""

    @property
    def key(self) -> str:
        return self.subject or key_of(self.username)


class IdentityProvider(Protocol):
    def authenticate(self, identifier: str, password: str) -> Identity | None:
        """Whose name or address, and password, these are; None where they do not go together."""
