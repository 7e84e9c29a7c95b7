"""Hooks of the login page, for packages above this one."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol
from uuid import UUID

from sqlalchemy.orm import Session

from webapp.guard.assurance import Level


class RequestingApp(NamedTuple):
    """The app that sends a user here to log in to it."""

    name: str
    login_hint: str = ""
    """The user name or e-mail address that the app knows of the user, to fill in."""


class RequestingAppOf(Protocol):
    """Hook: the app that leads users to this path after the login; None for any other path."""

    def __call__(self, target: str, /) -> RequestingApp | None: ...


class ConfirmMethod(NamedTuple):
    """An identity provider at which a user can confirm who they are."""

    name: str
    url: str
    """Empty if its protocol cannot ask for that: the user has to log out and in again."""


class ConfirmWaysOf(Protocol):
    """Hook: the identity providers of a user that can reach a level."""

    def __call__(self, user_id: UUID, required_level: Level, /) -> Sequence[ConfirmMethod]: ...


class LogoutStep(NamedTuple):
    """Where a logout continues: at the identity provider that the login came from."""

    provider: str
    url: str
    state: str
    """``state`` with which the browser comes back."""


class NextLogoutStep(Protocol):
    """Hook: where the logout of this session continues; None if it ends here."""

    def __call__(self, session_id: UUID, /) -> LogoutStep | None: ...


class LoginCompleted(Protocol):
    """Hook: a session starts, within its transaction. The cookie is still that of the login."""

    def __call__(self, db: Session, user_id: UUID, session_id: UUID, /) -> None: ...
