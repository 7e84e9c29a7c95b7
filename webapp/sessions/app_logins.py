"""AppLogin: a browser's login at an app behind the reverse proxy, which belongs to one of its user's sessions."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec
from sqlalchemy.orm import Session


class AppLogin(msgspec.Struct, frozen=True, kw_only=True):
    """A login at an app behind the reverse proxy; it ends with its session."""

    id: UUID
    session_id: UUID
    app: str
    """Name of the app."""
    host: str
    started_at: datetime


class AppLoginsOf(Protocol):
    """Hook: the logins at apps of a user's live sessions, the newest first."""

    def __call__(self, db: Session, user_id: UUID, /) -> Sequence[AppLogin]: ...
