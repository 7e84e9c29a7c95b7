"""LinkedLogins: accounts at identity providers that users can log in with, provided by a package above this one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy.orm import Session


class LinkedLogin(msgspec.Struct, frozen=True, kw_only=True):
    """An account at an identity provider that a user can log in with."""

    id: UUID
    provider: str
    """Name of the identity provider."""
    shown_as: str
    """E-mail address or name at the provider at the last login."""
    works: bool
    """Whether logins with the provider are enabled."""
    created_at: datetime
    last_login_at: datetime | None
    keep: str | None = None
    """Why it cannot be removed; None if it can."""


class LinkableProvider(msgspec.Struct, frozen=True):
    """An identity provider with which accounts can be linked."""

    slug: str
    name: str


@dataclass(frozen=True, slots=True)
class LinkedLogins:
    """Hooks for the identities at providers with which a user can log in; provided by the application."""

    of_user: Callable[[Session, UUID], list[LinkedLogin]]
    """The linked accounts of a user, the oldest first."""
    providers: Callable[[Session], list[LinkableProvider]]
    remove_since: Callable[[Session, UUID, datetime], int]
    """Remove those of a user that were linked at or after a moment. Returns how many."""
    restore: Callable[[Session, UUID, Mapping[str, str]], None]
    """Link an account again that was unlinked, as described for ``notices.identity_unlinked``."""

    def usable(self, db: Session, user_id: UUID) -> int:
        """Number of linked accounts with which a user can log in."""
        return sum(one.works for one in self.of_user(db, user_id))
