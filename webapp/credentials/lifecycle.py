"""Issue, end and look up credentials of every kind: session, token, refresh, trusted browser, pending login."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, bindparam, delete, or_, select, text, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from webapp.core.bounded_count import BoundedCount, bounded, distinct_values, number_of
from webapp.core.clock import NEVER, now
from webapp.core.driver_statements import EntityInsert, RowChange, RowQuery
from webapp.credentials.models import Credential
from webapp.guard.token_grant import TokenGrant

TRUST = "trust"
"""Kind of a trusted browser, which needs no second factor; ended together with the sessions."""
PENDING = "pending"
"""Kind of a pending login, whose second step is missing; ended together with the sessions."""


NEW = EntityInsert(Credential)


@dataclass(frozen=True, slots=True)
class AuthenticationProof:
    """When and how the user authenticated (OIDC Core §2, RFC 8176); inherited by credentials made from this one."""

    auth_time: datetime
    amr: str
    """Methods, separated by spaces."""


def issue(
    db: Session,
    *,
    id: UUID,  # noqa: A002 - the column's name
    key: str,
    kind: str,
    user_id: UUID,
    lifetime: timedelta | None,
    proof: AuthenticationProof,
    idle: timedelta | None = None,
    grant: TokenGrant | None = None,
    family_id: UUID | None = None,
    sid: UUID | None = None,
    created_at: datetime | None = None,
) -> Credential:
    """Create a credential. It is returned read-only.

    Args:
        key: what a request identifies it by; unique.
        lifetime: None for no expiry.
        idle: it also ends after this long without a request.
        grant: what a token may do; None for other kinds.
        family_id: the script login that an access token belongs to.
        sid: ``Credential.sid``.
        created_at: of the credential that it replaces.
    """
    started_at = now()
    return NEW.into(
        db,
        id=id,
        key=key,
        kind=kind,
        user_id=user_id,
        created_at=created_at or started_at,
        expires_at=NEVER if lifetime is None else started_at + lifetime,
        idle=idle,
        idle_at=started_at + idle if idle else None,
        auth_time=proof.auth_time,
        amr=proof.amr,
        grant=grant,
        family_id=family_id,
        sid=sid,
    )


def end(db: Session, credential_id: UUID) -> bool:
    """End a credential; False if it had been ended before. One statement, so only one of two concurrent calls wins."""
    ended = db.execute(
        update(Credential)
        .where(Credential.id == credential_id, Credential.revoked_at.is_(None))
        .values(revoked_at=now())
        .returning(Credential.id)
    )
    return ended.first() is not None


def replace_key(db: Session, credential_id: UUID, former: str, *, by: str) -> bool:
    """Change what a live credential is identified by; False if it is not ``former`` any more. One statement."""
    matches = Credential.id == credential_id, Credential.key == former, Credential.revoked_at.is_(None)
    return db.execute(update(Credential).where(*matches).values(key=by).returning(Credential.id)).first() is not None


def spend(db: Session, credential_id: UUID) -> bool:
    """Delete a one-time credential; False if it was not live. One statement, as in ``end``."""
    deletion = delete(Credential).where(Credential.id == credential_id, live_condition(now())).returning(Credential.id)
    return db.execute(deletion).first() is not None


def delete_expired(db: Session, user_id: UUID, kind: str) -> None:
    """Delete the user's expired credentials of a kind that no page lists."""
    of_kind = Credential.user_id == user_id, Credential.kind == kind
    db.execute(delete(Credential).where(*of_kind, Credential.expires_at <= now()))


def end_all(db: Session, user_id: UUID, *, kind: str | None = None, keep: UUID | None = None) -> list[UUID]:
    """End every live credential of a user.

    Args:
        kind: only of this kind; with ``session`` also trusted browsers and pending logins.
        keep: a credential to leave alone, such as the session that made the request.

    Returns:
        Ids of the credentials ended, without trusted browsers and pending logins; none is no error (RFC 7009 §2.2).
    """
    if kind != "session":
        lock_families(db, user_id)
    kinds = (kind, TRUST, PENDING) if kind == "session" else (kind,)
    statement = update(Credential).where(Credential.user_id == user_id, Credential.revoked_at.is_(None))
    statement = statement.where(Credential.expires_at > now())
    statement = statement.where(Credential.kind.in_(kinds)) if kind else statement
    statement = statement.where(Credential.id != keep) if keep else statement
    ended = db.execute(statement.values(revoked_at=now()).returning(Credential.id, Credential.kind)).all()
    return [key for key, ended_kind in ended if ended_kind not in (TRUST, PENDING)]


def end_every_credential(db: Session, *, before: datetime | None = None) -> Counter[str]:
    """End every live credential of all users; to be called first in its transaction.

    Args:
        before: only those created before.

    Returns:
        Number of credentials ended, by kind.
    """
    if db.get_bind().dialect.name == "postgresql":
        # Wait for transactions that change credentials: they lock rows in another order, which could deadlock.
        db.execute(text("LOCK TABLE credential IN EXCLUSIVE MODE"))
    statement = update(Credential).where(Credential.revoked_at.is_(None), Credential.expires_at > now())
    statement = statement.where(Credential.created_at < before) if before else statement
    return Counter(db.scalars(statement.values(revoked_at=now()).returning(Credential.kind)))


def lock_families(db: Session, user_id: UUID) -> None:
    """Lock the user's script logins, so that tokens issued by concurrent refreshes are seen by the next statement."""
    families = Credential.user_id == user_id, Credential.kind == "refresh", Credential.revoked_at.is_(None)
    db.execute(select(Credential.id).where(*families).with_for_update())


def find(db: Session, credential_id: UUID, *, kind: str) -> Credential | None:
    """The credential with this id, live or ended; None if it is missing or of another kind."""
    found = db.get(Credential, credential_id)
    return found if found is not None and found.kind == kind else None


LOCKED = RowQuery(select(Credential).where(Credential.id == bindparam("credential_id")).with_for_update())


def locked_credential(db: Session, credential_id: UUID) -> Credential | None:
    """The credential, read-only and locked until the end of the transaction (``SELECT … FOR UPDATE``)."""
    return LOCKED.scalar(db, credential_id=credential_id)


USED = RowChange(
    update(Credential)
    .where(Credential.id == bindparam("credential_id"))
    .values(last_used_at=bindparam("moment"), last_used_from=bindparam("source"), idle_at=bindparam("idle_end"))
)


def note_use(db: Session, credential: Credential, moment: datetime, ip_address: str | None) -> datetime:
    """Record a use of a credential. Returns when it ends now unless it is used again."""
    idle_at = moment + credential.idle if credential.idle else None
    USED.run(db, credential_id=credential.id, moment=moment, source=ip_address, idle_end=idle_at)
    return min(credential.expires_at, idle_at or credential.expires_at)


EXPIRING = RowChange(
    update(Credential).where(Credential.id == bindparam("credential_id")).values(expires_at=bindparam("moment"))
)


def expire(db: Session, credential: Credential, *, by: datetime) -> None:
    """Let a credential expire at a moment, unless it does so before."""
    if by < credential.expires_at:
        EXPIRING.run(db, credential_id=credential.id, moment=by)


def by_key(db: Session, key: str, *, kind: str) -> Credential | None:
    """The credential that a request identifies by ``key``, live or ended."""
    return db.scalar(select(Credential).where(Credential.key == key, Credential.kind == kind))


def live(db: Session, user_id: UUID, kind: str) -> list[Credential]:
    """The live credentials of a user, the newest first."""
    moment = now()
    live_rows = Credential.user_id == user_id, Credential.kind == kind, Credential.revoked_at.is_(None)
    query = select(Credential).where(*live_rows, Credential.expires_at > moment)
    return [found for found in db.scalars(query.order_by(Credential.created_at.desc())) if found.is_live(moment)]


def live_condition(moment: datetime | ColumnElement[datetime]) -> ColumnElement[bool]:
    """``Credential.is_live`` as an SQL condition."""
    is_awake = or_(Credential.idle_at.is_(None), Credential.idle_at > moment)
    return and_(Credential.revoked_at.is_(None), Credential.expires_at > moment, is_awake)


def live_ids(kind: str) -> Select[UUID]:
    """The ids of the live credentials of a kind."""
    return select(Credential.id).where(Credential.kind == kind, live_condition(now()))


def user_ids_with_live(kind: str) -> Select[UUID]:
    """The ids of users with a live credential of a kind; with duplicates. Tokens of script logins do not count."""
    live_ones = Credential.kind == kind, Credential.expires_at > now(), Credential.revoked_at.is_(None)
    return select(Credential.user_id).where(*live_ones, Credential.family_id.is_(None))


def has_live(user_id: InstrumentedAttribute[UUID], kind: str) -> ColumnElement[bool]:
    """SQL condition: the user in column ``user_id`` has a live credential of a kind."""
    return user_ids_with_live(kind).where(Credential.user_id == user_id).correlate(user_id.class_).exists()


BY_EXPIRY = Credential.expires_at, Credential.revoked_at, Credential.user_id
"""The order of an index of credentials of one kind."""


def expiring_count(db: Session, kind: str, *, before: datetime) -> BoundedCount:
    """Number of credentials of a kind that expire between now and ``before``, without tokens of script logins."""
    live_ones = Credential.kind == kind, Credential.expires_at.between(now(), before), Credential.revoked_at.is_(None)
    soonest = select(Credential.expires_at).where(*live_ones, Credential.family_id.is_(None))
    return bounded(db.scalar(select(number_of(soonest.order_by(*BY_EXPIRY)))))


def has_expiring(db: Session, user_id: UUID, kind: str, *, within: timedelta) -> bool:
    """Whether a credential of the user expires ``within`` this time, except those issued for no longer than that."""
    moment = now()
    live_rows = Credential.user_id == user_id, Credential.kind == kind, Credential.revoked_at.is_(None)
    query = select(Credential.created_at, Credential.expires_at).where(*live_rows)
    soon = db.execute(query.where(Credential.expires_at.between(moment, moment + within)))
    return any(row.expires_at - row.created_at > within for row in soon)


def active_user_count(db: Session, *, since: datetime) -> BoundedCount:
    """Number of users who, or whose scripts, made a request since then."""
    used = select(Credential.user_id).where(Credential.last_used_at >= since)
    return distinct_values(db, used.order_by(Credential.last_used_at))
