"""issue, prove, end, end_all: the only ways a credential changes."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, delete, func, or_, select, text, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from webapp.core.clock import NEVER, now
from webapp.core.db import Instant
from webapp.credentials.models import Credential
from webapp.guard.token_grant import TokenGrant

TRUST = "trust"
"""The kind of a browser that is asked for no second factor: half a login, so it ends with the sessions."""
PENDING = "pending"
"""The kind of a login whose password was right and whose second step is missing: it ends with the sessions."""


@dataclass(frozen=True, slots=True)
class AuthenticationProof:
    """How and when its user proved who they are; it goes on with whatever is made from it."""

    auth_time: datetime
    amr: str


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
    authority: TokenGrant | None = None,
    family_id: UUID | None = None,
) -> Credential:
    started_at = now()
    credential = Credential(
        id=id,
        key=key,
        kind=kind,
        user_id=user_id,
        created_at=started_at,
        expires_at=NEVER if lifetime is None else started_at + lifetime,
        idle=idle,
        idle_at=started_at + idle if idle else None,
        auth_time=proof.auth_time,
        amr=proof.amr,
        authority=authority,
        family_id=family_id,
    )
    db.add(credential)
    db.flush()
    return credential


def end(db: Session, credential_id: UUID) -> bool:
    """Whether it had not ended before. One statement, so that two who end it at once do it once."""
    ended = db.execute(
        update(Credential)
        .where(Credential.id == credential_id, Credential.revoked_at.is_(None))
        .values(revoked_at=now())
        .returning(Credential.id)
    )
    return ended.first() is not None


def spend(db: Session, credential_id: UUID) -> bool:
    """Use up what works once, and leave nothing of it; whether it worked until then. One statement, as in ``end``."""
    spent = delete(Credential).where(Credential.id == credential_id, stands(now())).returning(Credential.id)
    return db.execute(spent).first() is not None


def forget_expired(db: Session, user_id: UUID, kind: str) -> None:
    """Throw away those of a kind that nobody needs to see again."""
    theirs = Credential.user_id == user_id, Credential.kind == kind
    db.execute(delete(Credential).where(*theirs, Credential.expires_at <= now()))


def end_all(db: Session, user_id: UUID, *, kind: str | None = None, keep: UUID | None = None) -> list[UUID]:
    """End every live credential of a user, of one kind or of all, but for one; with the sessions, what is trusted
    and what is half a login.

    Returns:
        Which of that kind were ended; none is no error (RFC 7009 §2.2).
    """
    if kind != "session":
        hold_families(db, user_id)
    kinds = (kind, TRUST, PENDING) if kind == "session" else (kind,)
    statement = update(Credential).where(Credential.user_id == user_id, Credential.revoked_at.is_(None))
    statement = statement.where(Credential.expires_at > now())
    statement = statement.where(Credential.kind.in_(kinds)) if kind else statement
    statement = statement.where(Credential.id != keep) if keep else statement
    ended = db.execute(statement.values(revoked_at=now()).returning(Credential.id, Credential.kind)).all()
    return [key for key, ended_kind in ended if ended_kind not in (TRUST, PENDING)]


def end_of_everybody(db: Session, *, before: datetime | None = None) -> Counter[str]:
    """End every live credential there is, or was made ``before``, in a transaction that has changed nothing yet.

    Returns:
        How many were ended, by kind.
    """
    if db.get_bind().dialect.name == "postgresql":
        # Waits for all who are changing some: rows that are locked in another order would be a deadlock.
        db.execute(text("LOCK TABLE credential IN EXCLUSIVE MODE"))
    statement = update(Credential).where(Credential.revoked_at.is_(None), Credential.expires_at > now())
    statement = statement.where(Credential.created_at < before) if before else statement
    return Counter(db.scalars(statement.values(revoked_at=now()).returning(Credential.kind)))


def hold_families(db: Session, user_id: UUID) -> None:
    """Wait for those who refresh at this moment: what they mint is there for the next statement to end."""
    families = Credential.user_id == user_id, Credential.kind == "refresh", Credential.revoked_at.is_(None)
    db.execute(select(Credential.id).where(*families).with_for_update())


def end_members(db: Session, family_id: UUID) -> list[UUID]:
    """End what came from a login of a script."""
    members = update(Credential).where(Credential.family_id == family_id, Credential.revoked_at.is_(None))
    return list(db.scalars(members.values(revoked_at=now()).returning(Credential.id)))


def live_members(db: Session, family_id: UUID) -> list[Credential]:
    """The access tokens of a script login that work now, the newest first."""
    members = select(Credential).where(Credential.family_id == family_id, stands(now()))
    return list(db.scalars(members.order_by(Credential.created_at.desc(), Credential.expires_at.desc())))


def member_ends(db: Session, user_id: UUID) -> dict[UUID, datetime]:
    """Until when the last live token of each login of a script works, by the login."""
    members = Credential.user_id == user_id, Credential.family_id.is_not(None), stands(now())
    query = select(Credential.family_id, func.max(Credential.expires_at)).where(*members)
    return {family_id: ends_at for family_id, ends_at in db.execute(query.group_by(Credential.family_id)) if family_id}


def find(db: Session, credential_id: UUID, *, kind: str) -> Credential | None:
    found = db.get(Credential, credential_id)
    return found if found is not None and found.kind == kind else None


def locked_credential(db: Session, credential_id: UUID) -> Credential | None:
    """Whoever else wants it waits."""
    return db.get(Credential, credential_id, with_for_update=True)


def by_key(db: Session, key: str, *, kind: str) -> Credential | None:
    return db.scalar(select(Credential).where(Credential.key == key, Credential.kind == kind))


def live(db: Session, user_id: UUID, kind: str) -> list[Credential]:
    """What can act as a user now, the newest first."""
    moment = now()
    query = select(Credential).where(
        Credential.user_id == user_id,
        Credential.kind == kind,
        Credential.revoked_at.is_(None),
        Credential.expires_at > moment,
    )
    return [found for found in db.scalars(query.order_by(Credential.created_at.desc())) if found.is_live(moment)]


def stands(moment: datetime | ColumnElement[datetime]) -> ColumnElement[bool]:
    """What ``Credential.is_live`` says, as the database asks it."""
    is_awake = or_(Credential.idle_at.is_(None), Credential.idle_at > moment)
    return and_(Credential.revoked_at.is_(None), Credential.expires_at > moment, is_awake)


def holders(kind: str) -> Select[UUID]:
    """The ids of the users who have a live one."""
    live_ones = Credential.kind == kind, Credential.expires_at > now(), Credential.revoked_at.is_(None)
    return select(Credential.user_id).where(*live_ones)


def has_live(user_id: InstrumentedAttribute[UUID], kind: str) -> ColumnElement[bool]:
    """Whether the user of a row has a live one, as a condition."""
    return holders(kind).where(Credential.user_id == user_id).correlate(user_id.class_).exists()


def counts(db: Session, user_ids: Iterable[UUID]) -> dict[tuple[UUID, str], int]:
    """How many live ones each has, by kind; those without any are left out.

    The login of a script is one token, however many it has made of it.
    """
    kind = case((Credential.kind == "refresh", "token"), else_=Credential.kind)
    query = select(Credential.user_id, kind, func.count()).where(
        Credential.user_id.in_(list(user_ids)), Credential.family_id.is_(None), stands(now())
    )
    query = query.group_by(Credential.user_id, kind)
    return {(user_id, kind): count for user_id, kind, count in db.execute(query)}


# Asked whenever one is minted, so written once. The tokens that come from the login of a script are part of it.
TOKENS_OF_ONE = (
    select(func.count())
    .where(Credential.user_id == bindparam("user_id"), Credential.kind.in_(("token", "refresh")))
    .where(Credential.family_id.is_(None), stands(bindparam("moment", type_=Instant())))
)


def tokens_of(db: Session, user_id: UUID) -> int:
    """How many live tokens a user has, as ``counts`` counts them."""
    return db.scalar(TOKENS_OF_ONE, {"user_id": user_id, "moment": now()}) or 0


def expiring(db: Session, kind: str, *, before: datetime) -> int:
    query = select(func.count()).where(
        Credential.kind == kind, Credential.expires_at.between(now(), before), Credential.revoked_at.is_(None)
    )
    return db.scalar(query) or 0


def ending(db: Session, user_id: UUID, kind: str, *, within: timedelta) -> bool:
    """Whether one of somebody's ends in so short a time, that was made for longer."""
    moment = now()
    theirs = Credential.user_id == user_id, Credential.kind == kind, Credential.revoked_at.is_(None)
    query = select(Credential.created_at, Credential.expires_at).where(*theirs)
    soon = db.execute(query.where(Credential.expires_at.between(moment, moment + within)))
    return any(row.expires_at - row.created_at > within for row in soon)


def users_seen(db: Session, *, since: datetime) -> int:
    """How many people, or their scripts, were here."""
    query = select(func.count(Credential.user_id.distinct())).where(Credential.last_used_at >= since)
    return db.scalar(query) or 0
