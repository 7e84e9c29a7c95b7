"""CredentialQuery: the one statement of a check: credential, user, grant, and whether the apps have changed."""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Select, bindparam, select

from webapp.accounts.credential_lookup import BY_KEY, CREDENTIALS
from webapp.accounts.models import User
from webapp.core.compiled_query import CompiledQuery
from webapp.core.db import Database
from webapp.credentials.models import Credential
from webapp.forward_auth.models import AccessGrant, GuestLink, ProxiedAppsVersion, ProxiedSession
from webapp.guard.principal import CredentialRow

COLUMNS = len(CredentialRow._fields)
VERSION = select(ProxiedAppsVersion.version)
BY_COOKIE = CREDENTIALS.join(ProxiedSession, ProxiedSession.sid == Credential.sid).where(
    ProxiedSession.key == bindparam("key"),
    ProxiedSession.app_id == bindparam("app_id"),
    ProxiedSession.host == bindparam("host"),
    Credential.kind == "session",
    # The latest of the sessions that share one ``sid``.
    Credential.revoked_at.is_(None),
)


GUEST = select(GuestLink.id, GuestLink.prefix, GuestLink.created_at, GuestLink.expires_at).where(
    GuestLink.key == bindparam("key"),
    GuestLink.app_id == bindparam("app_id"),
    GuestLink.created_by.in_(select(User.id).where(User.disabled_at.is_(None), User.closes_at.is_(None))),
)


class FoundLink(NamedTuple):
    """What is stored about a guest link."""

    id: UUID
    prefix: str
    created_at: datetime
    expires_at: datetime


class StoredCredential(NamedTuple):
    """What is stored about the credential of a request."""

    row: CredentialRow
    email: str | None
    email_verified_at: datetime | None
    display_name: str | None
    granted_until: datetime | None
    """When the user's access to the app ends; None if they were not granted any."""
    version: int | None
    """Version of the table of apps."""


def with_context(credentials: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    grant = AccessGrant.user_id == User.id, AccessGrant.app_id == bindparam("app_id")
    return credentials.add_columns(
        User.email,
        User.email_verified_at,
        User.display_name,
        select(AccessGrant.expires_at).where(*grant).scalar_subquery(),
        VERSION.scalar_subquery(),
    )


BY_TOKEN_WITH_CONTEXT, BY_COOKIE_WITH_CONTEXT = with_context(BY_KEY), with_context(BY_COOKIE)


class CredentialQuery:
    """Queries that read the credential of a request, compiled for one database."""

    def __init__(self, database: Database) -> None:
        self._row = database.row
        self._by_token = database.compile_for(BY_TOKEN_WITH_CONTEXT)
        self._by_cookie = database.compile_for(BY_COOKIE_WITH_CONTEXT)
        self._by_guest_key = database.compile_for(GUEST)
        self._version = database.compile_for(VERSION)

    def version(self) -> int | None:
        """The version of the table of apps."""
        row = self._row(self._version.sql, self._version.bind())
        return row[0] if row else None

    def by_token(self, key: str, app_id: UUID) -> StoredCredential | None:
        """Read the row of an API token or access token with its user, for a check.

        Args:
            key: ``Credential.key``, which is the ``jti`` of the token.
        """
        return self._found(self._by_token, key=key, app_id=app_id)

    def by_cookie(self, key: str, app_id: UUID, host: str) -> StoredCredential | None:
        """The session that a cookie of this app and host belongs to; None if there is none.

        Args:
            key: ``ProxiedSession.key``.
        """
        return self._found(self._by_cookie, key=key, app_id=app_id, host=host)

    def guest_link(self, key: str, app_id: UUID) -> FoundLink | None:
        """Read the row of a live guest link with its app.

        Args:
            key: ``GuestLink.key``.
        """
        row = self._row(self._by_guest_key.sql, self._by_guest_key.bind(key=key, app_id=app_id))
        return FoundLink(*self._by_guest_key.convert(row)) if row else None

    def _found(self, query: CompiledQuery, **values: object) -> StoredCredential | None:
        row = self._row(query.sql, query.bind(**values))
        if row is None:
            return None
        read = query.convert(row)
        return StoredCredential(CredentialRow(*read[:COLUMNS]), *read[COLUMNS:])
