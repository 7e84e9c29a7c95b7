"""Hooks of the login page, for packages above this one."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol
from uuid import UUID

from sqlalchemy.orm import Session


class AskingApp(NamedTuple):
    """The app that sends a user here to log in to it."""

    name: str
    login_hint: str = ""
    """The user name or e-mail address that the app knows of the user, to fill in."""


class AskingAppOf(Protocol):
    """Hook: the app that leads users to this path after the login; None for any other path."""

    def __call__(self, target: str, /) -> AskingApp | None: ...


class LoginButton(NamedTuple):
    """A way to log in besides the password, on the login page."""

    name: str
    icon: str
    """Name of the icon; empty for none."""
    url: str


class LoginButtonsFor(Protocol):
    """Hook: the identity providers that users can log in with, to go to ``target`` afterwards."""

    def __call__(self, target: str | None, /) -> Sequence[LoginButton]: ...


class LoginCompleted(Protocol):
    """Hook: a session starts, within its transaction. The cookie is still that of the login."""

    def __call__(self, db: Session, user_id: UUID, session_id: UUID, /) -> None: ...
