"""Which invitations can still be used, and revoking those of a user who leaves."""

from uuid import UUID

from sqlalchemy import ColumnElement, not_, or_, update
from sqlalchemy.orm import Session

from webapp.accounts.models import Invitation
from webapp.audit.log import Event, record
from webapp.core.clock import now


def is_unusable_invitation() -> ColumnElement[bool]:
    """Condition for invitations that can no longer be used."""
    is_used = Invitation.uses >= Invitation.most_uses
    return or_(is_used, Invitation.revoked_at.is_not(None), Invitation.expires_at <= now())


def revoke_invitations(db: Session, user_id: UUID) -> None:
    """Revoke the usable invitations of a user whose account is deleted."""
    revocation = (
        update(Invitation)
        .where(Invitation.created_by == user_id, not_(is_unusable_invitation()))
        .values(revoked_at=now())
    )
    for invitation in db.scalars(revocation.returning(Invitation)).all():
        reason = "The account of its creator was closed or deleted."
        record(db, Event.INVITATION_REVOKED, invitation_id=str(invitation.id), email=invitation.email, reason=reason)
