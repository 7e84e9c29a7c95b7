"""Recognise the client of a login attempt, which determines the rate-limit keys under which it is counted."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from webapp.accounts import known_networks
from webapp.accounts.familiarity import Familiarity
from webapp.accounts.models import User
from webapp.accounts.names import normalized_key
from webapp.core.client_network import network_of


@dataclass(frozen=True, slots=True, repr=False)
class BrowserMark:
    """Identifies a browser in which a user has logged in."""

    secret: str
    since: datetime
    """Time of the last login."""


@dataclass(frozen=True, slots=True)
class LiveSession:
    """The current session: its user re-authenticates, so the client is known."""

    user_id: UUID
    credential_id: UUID


@dataclass(frozen=True, slots=True, repr=False)
class LoginClient:
    """The client of an attempt: IP address, cookie of known browsers, current session."""

    ip_address: str | None
    """IP address."""
    marks: Mapping[UUID, BrowserMark] = field(default_factory=dict)
    """The mark of this browser for each user who has logged in with it."""
    session: LiveSession | None = None

    @property
    def network(self) -> str:
        return network_of(self.ip_address)


@dataclass(frozen=True, slots=True)
class ClientFamiliarity:
    """How well a client is known, and the prefix of its rate-limit keys."""

    familiarity: Familiarity
    prefix: str = ""

    def by_name(self, identifier: str) -> str:
        """Rate-limit key of a typed name, in normalized form."""
        # A known browser has one count for all names, so its owner gets a 429 with any of them.
        return (
            self.prefix
            if self.familiarity is Familiarity.BROWSER
            else f"{self.prefix}name:{normalized_key(identifier)}"
        )

    def by_account(self, identifier: str, user: User | None) -> str:
        """Rate-limit key of an account, the same for each of its names. An unknown name counts as an account."""
        return f"{self.prefix}nobody:{normalized_key(identifier)}" if user is None else self.by_user(user)

    def by_user(self, user: User) -> str:
        return f"{self.prefix}{user_key(user)}"


UNKNOWN = ClientFamiliarity(Familiarity.UNKNOWN)


def user_key(user: User) -> str:
    """Changes with each new password and each unlock by an admin, so that all counts start again."""
    since = user.attempts_since
    return f"user:{user.id}" if since is None else f"user:{user.id}:{since.timestamp():.6f}"


def familiarity_of(db: Session, user: User | None, client: LoginClient) -> ClientFamiliarity:
    """The familiarity of a client to a user's account.

    Args:
        user: None for an unknown name.
    """
    # Also for unknown names, so that these cost the same statements.
    is_network = known_networks.is_known(db, user.id if user else None, client.ip_address)
    if user is None:
        return UNKNOWN
    if client.session is not None and client.session.user_id == user.id:
        return ClientFamiliarity(Familiarity.BROWSER, f"session:{client.session.credential_id}:")
    if (mark := mark_of(client, user)) is not None:
        return ClientFamiliarity(Familiarity.BROWSER, f"browser:{mark.secret}:")
    return ClientFamiliarity(Familiarity.NETWORK, f"network:{client.network}:") if is_network else UNKNOWN


def mark_of(client: LoginClient, user: User) -> BrowserMark | None:
    """The mark of a browser in which the user has logged in since the last change of the password."""
    mark = client.marks.get(user.id)
    # An older mark may belong to an attacker who knew the old password.
    is_old = mark is not None and user.password_changed_at is not None and mark.since < user.password_changed_at
    return None if is_old else mark
