"""How far a login attempt comes from where the owner has logged in before, and under which keys it is counted."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from webapp.accounts import known_networks
from webapp.accounts.familiarity import Familiarity
from webapp.accounts.models import User
from webapp.accounts.names import key_of
from webapp.core.client_network import network_of


@dataclass(frozen=True, slots=True, repr=False)
class BrowserMark:
    """By which a browser is known again that a user has logged in with."""

    secret: str
    since: datetime
    """The last login."""


@dataclass(frozen=True, slots=True)
class LiveSession:
    """A session that the request has shown: whoever confirms that it is them is no stranger to their own account."""

    user_id: UUID
    credential_id: UUID


@dataclass(frozen=True, slots=True, repr=False)
class Client:
    """Who makes an attempt."""

    address: str | None
    """The IP address."""
    marks: Mapping[UUID, BrowserMark] = field(default_factory=dict)
    """The mark of this browser for each user who has logged in with it before."""
    session: LiveSession | None = None

    @property
    def network(self) -> str:
        return network_of(self.address)


@dataclass(frozen=True, slots=True)
class Recognized:
    """Where attempts are counted: under keys of their own for each browser and network that is known."""

    familiarity: Familiarity
    prefix: str = ""

    def by_name(self, identifier: str) -> str:
        """The key for what was typed, however it was written."""
        # A browser that is known has one count: its owner gets a 429, whichever name they type.
        return self.prefix if self.familiarity is Familiarity.BROWSER else f"{self.prefix}name:{key_of(identifier)}"

    def by_account(self, identifier: str, user: User | None) -> str:
        """The key for the account, whichever of its names was typed; a name that nobody has is its own account."""
        return f"{self.prefix}nobody:{key_of(identifier)}" if user is None else self.by_user(user)

    def by_user(self, user: User) -> str:
        return f"{self.prefix}{user_key(user)}"


STRANGER = Recognized(Familiarity.STRANGER)


def user_key(user: User) -> str:
    """Another one after each new password and after an admin's unlocking, so that all counts begin anew."""
    since = user.attempts_since
    return f"user:{user.id}" if since is None else f"user:{user.id}:{since.timestamp():.6f}"


def recognize(db: Session, user: User | None, client: Client) -> Recognized:
    # Asked for a name that nobody has as well, so that it costs the same statements.
    is_network = known_networks.is_known(db, user.id if user else None, client.address)
    if user is None:
        return STRANGER
    if client.session is not None and client.session.user_id == user.id:
        return Recognized(Familiarity.BROWSER, f"session:{client.session.credential_id}:")
    if (mark := mark_of(client, user)) is not None:
        return Recognized(Familiarity.BROWSER, f"browser:{mark.secret}:")
    return Recognized(Familiarity.NETWORK, f"network:{client.network}:") if is_network else STRANGER


def mark_of(client: Client, user: User) -> BrowserMark | None:
    """The mark of a browser that the owner has logged in with since the last change of the password."""
    mark = client.marks.get(user.id)
    # One from before may be that of whoever had the old one.
    is_old = mark is not None and user.password_changed_at is not None and mark.since < user.password_changed_at
    return None if is_old else mark
