"""A user's API tokens and script logins, for the export of their data; without the tokens themselves."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.core.former_names import FormerNames, renamed
from webapp.credentials import export_data as credentials
from webapp.credentials.models import Credential
from webapp.guard.token_grant import TokenGrant
from webapp.tokens.models import ApiToken, RefreshFamily


@renamed(authority="grant")
class TokenRecord(FormerNames, frozen=True, kw_only=True):
    """An API token, or an access token of a script login. Ended ones are included as long as they are stored."""

    id: UUID
    name: str
    note: str | None
    reason: str | None
    """Why it has no expiry; None if it has one."""
    origin: str
    grant: TokenGrant | None
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    rotated_at: datetime | None
    rotated_from: UUID | None
    script_login: UUID | None
    last_used_at: datetime | None
    last_used_from: str | None
    last_used_for: str | None
    last_used_by: str | None
    authority: TokenGrant | None = None
    """Former name of `grant`."""


@renamed(authority="grant")
class ScriptLoginRecord(FormerNames, frozen=True, kw_only=True):
    """A login of a script by name and password, or of the user to an app."""

    id: UUID
    app: str | None
    """Name of the app; None for a script."""
    user_agent: str
    grant: TokenGrant | None
    started_at: datetime
    started_from: str | None
    refreshed_at: datetime | None
    refreshed_from: str | None
    expires_at: datetime
    ended_at: datetime | None
    authority: TokenGrant | None = None
    """Former name of `grant`."""


def tokens_of(db: Session, user_id: UUID) -> list[TokenRecord]:
    """API tokens and access tokens of a user, newest first."""
    entries = {entry.id: entry for entry in db.scalars(select(ApiToken).where(ApiToken.user_id == user_id))}
    return [token_of(entries[found.id], found) for found in credentials.all_of(db, user_id, "token")]


def token_of(entry: ApiToken, credential: Credential) -> TokenRecord:
    return TokenRecord(
        id=entry.id,
        name=entry.name,
        note=entry.note,
        reason=entry.reason,
        origin=entry.origin,
        grant=credential.grant,
        created_at=credential.created_at,
        expires_at=credential.expires_at,
        revoked_at=credential.revoked_at,
        rotated_at=entry.rotated_at,
        rotated_from=entry.rotated_from,
        script_login=credential.family_id,
        last_used_at=credential.last_used_at,
        last_used_from=credential.last_used_from,
        last_used_for=credential.last_used_for,
        last_used_by=credential.last_used_by,
    )


def script_logins_of(db: Session, user_id: UUID) -> list[ScriptLoginRecord]:
    """Script logins of a user, newest first."""
    found = credentials.all_of(db, user_id, "refresh")
    rows = select(RefreshFamily).where(RefreshFamily.id.in_(credentials.ids_of(user_id)))
    families = {family.id: family for family in db.scalars(rows)}
    return [login_of(families[credential.id], credential) for credential in found]


def login_of(family: RefreshFamily, credential: Credential) -> ScriptLoginRecord:
    return ScriptLoginRecord(
        id=family.id,
        app=family.app_name,
        user_agent=family.user_agent,
        grant=credential.grant,
        started_at=credential.created_at,
        started_from=family.ip_address,
        refreshed_at=credential.last_used_at,
        refreshed_from=credential.last_used_from,
        expires_at=credential.expires_at,
        ended_at=credential.revoked_at,
    )
