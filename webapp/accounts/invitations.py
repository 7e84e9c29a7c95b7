"""Invitations: links with which people may register, with a limited number of uses and an expiry."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from webapp.accounts.admin_actions import may_grant
from webapp.accounts.models import Invitation, User
from webapp.accounts.names import checked_email
from webapp.accounts.role_closures import administers_users
from webapp.accounts.roles import FIRST, included_in, locked_role, lowest_first
from webapp.audit.log import Event, record
from webapp.core.clock import now
from webapp.core.digests import digest, new_secret
from webapp.mail.mailer import Mailer

LIFETIME = timedelta(days=7)
LONGEST = timedelta(days=90)
MAX_USES = 100
PAGE = 25


class RoleNotYours(Exception):
    """The inviter may not invite to this role."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationRequest:
    """What an inviter chose in the form or on the command line."""

    role: str = "user"
    email: str | None = None
    """The only e-mail address that may use it. The link is only mailed there, so using it verifies it."""
    note: str = ""
    lifetime: timedelta = LIFETIME
    most_uses: int = 1


@dataclass(frozen=True, slots=True, repr=False)
class InvitationWithLink:
    """A new invitation. ``path`` contains the secret, which is shown once and stored only as a digest."""

    invitation: Invitation
    path: str


def may_give(db: Session, roles: Sequence[str]) -> tuple[str, ...]:
    """Names of the roles that somebody may invite to, lowest first.

    Args:
        roles: all roles of the inviter.
    """
    candidates = lowest_first(db) if administers_users(roles) else ()
    return tuple(role.name for role in candidates if may_grant(roles, role.closure))


def create(
    db: Session, requested: InvitationRequest, *, by: UUID | None = None, roles: Sequence[str] = tuple(FIRST)
) -> InvitationWithLink:
    """Create an invitation and write its audit event.

    Args:
        by: id of the inviter; None for the command line.
        roles: all roles of the inviter.

    Raises:
        InvalidEmail: the e-mail address is not valid.
        RoleNotYours: the inviter may not invite to this role.
    """
    if requested.role not in may_give(db, roles):
        raise RoleNotYours(requested.role)
    if locked_role(db, requested.role) is None:
        raise RoleNotYours(requested.role)
    created = prepare(requested, by=by)
    db.add(created.invitation)
    db.flush()
    record_creation(db, created.invitation)
    return created


def prepare(requested: InvitationRequest, *, by: UUID | None = None) -> InvitationWithLink:
    """Build the row of an invitation, without adding it to the database session or checking the role.

    Raises:
        InvalidEmail: the e-mail address is not valid.
    """
    secret = new_secret()
    invitation = Invitation(
        id=uuid4(),
        digest=digest(secret),
        email=checked_email(requested.email) if requested.email else None,
        role=requested.role,
        note=requested.note,
        created_by=by,
        created_at=now(),
        expires_at=now() + requested.lifetime,
        most_uses=1 if requested.email else requested.most_uses,
        uses=0,
    )
    return InvitationWithLink(invitation, f"/register/{secret}")


def record_creation(db: Session, invitation: Invitation) -> None:
    """Write the audit event of a new invitation."""
    record(
        db,
        Event.INVITATION_MADE,
        actor_id=invitation.created_by,
        invitation_id=str(invitation.id),
        email=invitation.email,
        role=invitation.role,
        uses=invitation.most_uses,
    )


def mail(db: Session, mailer: Mailer, created: InvitationWithLink) -> bool:
    """Mail an invitation. Returns False if it has no e-mail address."""
    invitation = created.invitation
    if invitation.email is None:
        return False
    inviter = db.get(User, invitation.created_by) if invitation.created_by else None
    mailer.send_link(
        db,
        "invitation",
        invitation.email,
        user_id=None,
        ends_at=invitation.expires_at,
        inviter=inviter.username if inviter else None,
        expires_at=invitation.expires_at,
        link=created.path,
    )
    return True


def find(db: Session, secret: str) -> Invitation | None:
    """The invitation with this secret, if it can be used."""
    found = db.scalar(select(Invitation).where(Invitation.digest == digest(secret)))
    return found if found is not None and state_of(found, now()) == "open" and is_backed(db, found) else None


def state_of(invitation: Invitation, moment: datetime) -> str:
    """State of an invitation in one word: open, used, revoked or expired."""
    if invitation.revoked_at is not None:
        return "revoked"
    if invitation.uses >= invitation.most_uses:
        return "used"
    return "open" if moment < invitation.expires_at else "expired"


def is_backed(db: Session, invitation: Invitation) -> bool:
    """Whether the inviter could still invite to this role. If not, the invitation does not work."""
    if invitation.created_by is None:
        return True
    inviter = db.get(User, invitation.created_by)
    if inviter is None:
        return True
    is_here = inviter.disabled_at is None and inviter.closes_at is None
    return is_here and invitation.role in may_give(db, included_in(db, inviter.role))


def spend(db: Session, secret: str) -> Invitation | None:
    """Count one use of an invitation. One UPDATE, so that only one of two concurrent requests gets the last use.

    Returns:
        The invitation, or None if it cannot be used.
    """
    if find(db, secret) is None:
        return None
    return db.scalar(
        update(Invitation)
        .where(
            Invitation.digest == digest(secret),
            Invitation.uses < Invitation.most_uses,
            Invitation.revoked_at.is_(None),
            Invitation.expires_at > now(),
        )
        .values(uses=Invitation.uses + 1)
        .returning(Invitation)
    )


def revoke(db: Session, invitation_id: UUID, *, by: UUID | None = None) -> bool:
    """Revoke an invitation. Returns whether it could be used until now."""
    revoked = db.scalar(
        update(Invitation)
        .where(Invitation.id == invitation_id, Invitation.revoked_at.is_(None), Invitation.expires_at > now())
        .where(Invitation.uses < Invitation.most_uses)
        .values(revoked_at=now())
        .returning(Invitation)
    )
    if revoked is not None:
        record(db, Event.INVITATION_REVOKED, actor_id=by, invitation_id=str(invitation_id), email=revoked.email)
    return revoked is not None


def revoke_all(
    db: Session, *, before: datetime | None = None, since: datetime | None = None, by: UUID | None = None
) -> int:
    """Revoke usable invitations.

    Args:
        before: only those created before this moment.
        since: only those created at or after this moment.
        by: only those of this inviter.

    Returns:
        Number of revoked invitations.
    """
    works = [Invitation.revoked_at.is_(None), Invitation.expires_at > now(), Invitation.uses < Invitation.most_uses]
    works += [Invitation.created_at < before] if before else []
    works += [Invitation.created_at >= since] if since else []
    works += [Invitation.created_by == by] if by else []
    revoked = update(Invitation).where(*works).values(revoked_at=now())
    return len(db.scalars(revoked.returning(Invitation.id)).all())


@dataclass(frozen=True, slots=True)
class InvitationRow:
    """An invitation with the user name of its inviter."""

    invitation: Invitation
    inviter: str | None


def latest_invitations(db: Session, *, before: datetime | None = None, size: int = PAGE) -> list[InvitationRow]:
    """Invitations, newest first: up to ``size``, and one more if there is another page."""
    query = select(Invitation, User.username).outerjoin(User, User.id == Invitation.created_by)
    query = query.where(Invitation.created_at < before) if before else query
    rows = db.execute(query.order_by(Invitation.created_at.desc()).limit(size + 1))
    return [InvitationRow(invitation, name) for invitation, name in rows]
