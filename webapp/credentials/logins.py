"""end_logins(): ends everything that a user obtained by logging in, in browsers and by scripts."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import or_, update
from sqlalchemy.orm import Session

from webapp.core.clock import now
from webapp.credentials.lifecycle import PENDING, TRUST, lock_families
from webapp.credentials.models import Credential

KINDS = ("session", TRUST, PENDING, "refresh")


@dataclass(frozen=True, slots=True)
class EndedLogins:
    """Numbers of live ones that were ended; a script login counts as one, with all its access tokens."""

    sessions: int
    script_logins: int


def end_logins(db: Session, user_id: UUID, *, keep: UUID | None = None) -> EndedLogins:
    """End every session, trusted browser, pending login and script login of a user, with its access tokens.

    API tokens that the user created on a page stay valid.

    Args:
        keep: the session that made the request, if one did.
    """
    lock_families(db, user_id)
    moment = now()
    is_login = or_(Credential.kind.in_(KINDS), Credential.family_id.is_not(None))
    statement = update(Credential).where(Credential.user_id == user_id, Credential.revoked_at.is_(None), is_login)
    statement = statement.where(Credential.expires_at > moment)
    statement = statement.where(Credential.id != keep) if keep else statement
    columns = Credential.id, Credential.kind, Credential.family_id, Credential.idle_at
    ended = db.execute(statement.values(revoked_at=moment).returning(*columns)).all()
    live = [row for row in ended if row.idle_at is None or row.idle_at > moment]
    script_logins = {row.family_id or row.id for row in live if row.kind == "refresh" or row.family_id}
    return EndedLogins(sum(row.kind == "session" for row in live), len(script_logins))
