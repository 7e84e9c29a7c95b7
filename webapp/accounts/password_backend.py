"""Identity, PasswordBackend: what an external identity provider returns for a user name and password."""

from dataclasses import dataclass
from typing import Protocol

from webapp.accounts.names import normalized_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A user as the identity provider describes them, after the right password."""

    username: str
    email: str | None = None
    email_verified: bool = True
    """Whether the provider has verified the e-mail address (OpenID Connect Core §5.1). It is then trusted without a
    mail of our own. False if users of the provider can enter any e-mail address there."""
    display_name: str | None = None
    subject: str = ""
    """A permanent identifier, such as an LDAP entryUUID; empty if users are identified by their name."""

    role: str | None = None
    """Role by the groups of the provider, empty if none of them gives one; None: the provider gives no roles."""

    @property
    def key(self) -> str:
        """What is stored of the identity: the subject, or the normalized user name."""
        return self.subject or normalized_key(self.username)


class ProviderFailed(Exception):
    """The identity provider cannot verify a password. The message is for the log, without secrets."""


class PasswordBackend(Protocol):
    """Verifies passwords that are kept outside this site, such as in LDAP."""

    def authenticate(self, identifier: str, password: str) -> Identity | None:
        """Verify a password.

        Args:
            identifier: user name or e-mail address, as it was typed.

        Returns:
            The identity, or None if the name is unknown or the password is wrong.
        """
