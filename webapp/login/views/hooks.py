"""Hooks of the login page, for packages above this one."""

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


class LoginCompleted(Protocol):
    """Hook: a session starts, within its transaction. The cookie is still that of the login."""

    def __call__(self, db: Session, user_id: UUID, session_id: UUID, /) -> None: ...
