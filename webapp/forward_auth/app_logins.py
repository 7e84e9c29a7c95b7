"""Logins at apps: list those of a user, end one, delete those whose session has ended."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from webapp.audit.log import Event, record
from webapp.core.clock import now
from webapp.credentials import sids
from webapp.forward_auth.models import ArrivalTicket, ProxiedApp, ProxiedSession
from webapp.sessions import lifecycle as sessions
from webapp.sessions.app_logins import AppLogin


def of_user(db: Session, user_id: UUID) -> Sequence[AppLogin]:
    """The logins of a user's live sessions, the newest first."""
    live = {credential.sid: credential.id for credential, _browser in sessions.live(db, user_id)}
    query = select(ProxiedSession, ProxiedApp.name).join(ProxiedApp, ProxiedApp.id == ProxiedSession.app_id)
    user_sessions = query.where(ProxiedSession.user_id == user_id).order_by(ProxiedSession.started_at.desc())
    return [
        AppLogin(id=row.id, session_id=live[row.sid], app=name, host=row.host, started_at=row.started_at)
        for row, name in db.execute(user_sessions)
        if row.sid in live
    ]


def end(db: Session, user_id: UUID, login_id: UUID) -> bool:
    """End a login; its next request is not logged in. False if it is not this user's."""
    matches = ProxiedSession.id == login_id, ProxiedSession.user_id == user_id
    app_id = db.scalar(delete(ProxiedSession).where(*matches).returning(ProxiedSession.app_id))
    if app_id is None:
        return False
    name = db.scalar(select(ProxiedApp.name).where(ProxiedApp.id == app_id))
    record(db, Event.PROXIED_APP_CLOSED, user_id=user_id, app=name)
    return True


def purge(db: Session) -> int:
    """Delete logins whose session has ended, and tickets that nobody has used. Returns how many."""
    moment = now()
    deletion = delete(ProxiedSession).where(~sids.is_live(ProxiedSession.sid))
    ended = db.execute(deletion.returning(ProxiedSession.id)).all()
    expired = delete(ArrivalTicket).where(ArrivalTicket.expires_at <= moment).returning(ArrivalTicket.digest)
    return len(ended) + len(db.execute(expired).all())
