"""Which logins to apps have ended, so that the app must get a notice (OpenID Connect Back-Channel Logout 1.0).

A login is noted when its first tokens are issued. Whether it has ended is read from the session, what the app was
given, the client and the user, so whatever ends one of them is seen, and nothing has to be called.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, delete, or_, select, union, update
from sqlalchemy.orm import Session

from webapp.accounts import roles
from webapp.core.clock import now
from webapp.credentials import sids
from webapp.oauth.models import AppSession, LogoutNotice, OAuthClient, RemovedClient

BATCH_SIZE = 100
"""Logins whose end is noted in one transaction."""
RETENTION = timedelta(days=30)
"""How long a login is remembered, if its session has expired; shorter than credentials are kept after their end."""


def register_login(db: Session, client: OAuthClient, user_id: UUID, sid: UUID, family_id: UUID) -> None:
    """Remember that a user has logged in to an app, if the app wants to learn of the end.

    Args:
        sid: of the session in which the user allowed it.
        family_id: what the app was given.
    """
    if not client.backchannel_logout_uri:
        return
    found = db.scalar(select(AppSession).where(AppSession.client_id == client.id, AppSession.sid == sid))
    if found is None:
        found = AppSession(client_id=client.id, sid=sid, user_id=user_id)
        db.add(found)
    found.family_id, found.logged_in_at = family_id, now()


def ended_by_app(db: Session, family_id: UUID) -> None:
    """Take no notice of the end of a family: the app has ended it itself, and may have a new login by now."""
    db.execute(update(AppSession).where(AppSession.family_id == family_id).values(family_id=None))


def end_all(db: Session, client_id: UUID, user_id: UUID) -> None:
    """End the recorded logins of a user to an app, so that a logout token is sent for each."""
    notify(db, select(AppSession.id).where(AppSession.client_id == client_id, AppSession.user_id == user_id))


def forget(db: Session, client_id: UUID) -> None:
    """Forget the logins to an app that has no URL for logout tokens any more, and what it was to be sent."""
    db.execute(delete(AppSession).where(AppSession.client_id == client_id))
    waits = LogoutNotice.client_id == client_id, LogoutNotice.due_at.is_not(None)
    db.execute(delete(LogoutNotice).where(*waits))


def keep_recipient(db: Session, client: OAuthClient) -> None:
    """Keep what logout tokens need of an app that is being removed, which ends every login to it."""
    if client.backchannel_logout_uri:
        columns = RemovedClient.__table__.columns.keys()
        db.add(RemovedClient(**{name: getattr(client, name) for name in columns}))


def has_ended(db: Session, *, since: datetime | None = None) -> bool:
    """Whether there is something to do for ``collect``.

    Args:
        since: look only at sessions and tokens that were ended since then, which is quick; None to look at everything.
    """
    query = ended(db)
    if since is not None:
        # Two queries, each with its own index: with OR the database would read the whole table.
        of_session = select(AppSession.id).where(AppSession.sid.in_(sids.ended_sids(since)))
        of_family = select(AppSession.id).where(AppSession.family_id.in_(sids.ended_families(since)))
        query = query.where(AppSession.id.in_(union(of_session, of_family)))
    return db.scalar(query.limit(1)) is not None


def collect(db: Session) -> int:
    """Note the logout tokens to be sent for logins that have ended. Returns how many, at most ``BATCH_SIZE``."""
    return notify(db, ended(db).limit(BATCH_SIZE))


def ended(db: Session) -> Select[UUID]:
    """The ids of logins that have ended, but not of those whose session has merely expired."""
    joined = select(AppSession.id).outerjoin(OAuthClient, OAuthClient.id == AppSession.client_id)
    return joined.where(
        or_(
            session_was_ended(),
            sids.was_ended(AppSession.family_id),
            OAuthClient.id.is_(None),
            OAuthClient.disabled_at.is_not(None),
            # Also after the session here has expired, while the app may have one.
            ~roles.is_active(AppSession.user_id),
            *without_access(db),
        )
    )


def session_was_ended() -> ColumnElement[bool]:
    """Whether the session was ended after the login; a device may log in when it has ended already."""
    return and_(~sids.is_open(AppSession.sid), sids.was_session_ended(AppSession.sid, since=AppSession.logged_in_at))


def without_access(db: Session) -> Iterator[ColumnElement[bool]]:
    """For each app that is not for everybody: its users who have none of its roles and are none of its people."""
    for client in db.scalars(select(OAuthClient).where(OAuthClient.backchannel_logout_uri != "")):
        if client.roles or client.people:
            role_names = {one for role in client.roles for one in roles.reaching(db, role)}
            has_role = roles.has_one_of(AppSession.user_id, role_names)
            is_named = AppSession.user_id.in_([UUID(one) for one in client.people])
            yield and_(AppSession.client_id == client.id, ~has_role, ~is_named)


def notify(db: Session, session_ids: Select[UUID]) -> int:
    # One statement, so that of two processes one gets each row.
    deletion = delete(AppSession).where(AppSession.id.in_(session_ids))
    found = db.execute(deletion.returning(AppSession.client_id, AppSession.user_id, AppSession.sid)).all()
    moment = now()
    db.add_all(notice(client_id, user_id, sid, moment) for client_id, user_id, sid in found)
    return len(found)


def notice(client_id: UUID, user_id: UUID, sid: UUID, moment: datetime) -> LogoutNotice:
    return LogoutNotice(client_id=client_id, user_id=user_id, sid=sid, created_at=moment, due_at=moment, tries=0)


def forget_expired(db: Session) -> int:
    """A step of a job: forget old logins whose session has expired. Apps have timeouts of their own."""
    has_expired = ~session_was_ended(), ~sids.is_live(AppSession.sid)
    expired = select(AppSession.id).where(*has_expired, AppSession.logged_in_at <= now() - RETENTION)
    deletion = delete(AppSession).where(AppSession.id.in_(expired.limit(BATCH_SIZE))).returning(AppSession.id)
    return len(db.scalars(deletion).all())
