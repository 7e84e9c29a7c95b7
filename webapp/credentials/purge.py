"""purge, purge_uses: what ended long ago, and what was used long ago, thrown away a little at a time."""

from datetime import timedelta

from sqlalchemy import delete, exists, func, select
from sqlalchemy.orm import Session, aliased

from webapp.core.clock import now
from webapp.credentials.models import Credential, CredentialUse, ResourceUse

MEMBER = aliased(Credential)
# Few enough that nobody notices how long it takes, even with all that hangs on them.
MOST = 500
# No page shows what was used before.
USES_KEPT = timedelta(days=90)


def purge(db: Session, *, kept: timedelta, most: int = MOST) -> int:
    """Throw away credentials that ended before so long, with what hangs on them: the database's own cascades.

    A credential without a row is refused as one that has ended is. What was left idle goes when it would have ended
    anyway, and a script login not before its last access token: whatever ends the one ends the other.

    Returns:
        How many; fewer than ``most`` only where there are no more.
    """
    before = now() - kept
    has_members = exists().where(MEMBER.family_id == Credential.id, MEMBER.expires_at > before)
    found = set[object]()
    # One condition at a time, each by an index of its own: with OR the whole table would be read.
    for moment in (Credential.expires_at, Credential.revoked_at):
        if len(found) < most:
            found |= set(
                db.scalars(select(Credential.id).where(moment <= before, ~has_members).limit(most - len(found)))
            )
    db.execute(delete(Credential).where(Credential.id.in_(found)))
    return len(found)


def purge_uses(db: Session, *, kept: timedelta = USES_KEPT) -> int:
    """Throw away the counts of one day, the oldest of those that are over.

    Returns:
        How many; none only where there are no more.
    """
    before = (now() - kept).date()
    gone = 0
    for table in (CredentialUse, ResourceUse):
        oldest = select(func.min(table.day)).where(table.day < before).scalar_subquery()
        gone += len(db.execute(delete(table).where(table.day == oldest).returning(table.credential_id)).all())
    return gone
