"""purge(), purge_uses(): delete credentials that ended long ago, and old counts of use; steps of a periodic job."""

from datetime import timedelta

from sqlalchemy import delete, exists, func, select
from sqlalchemy.orm import Session, aliased

from webapp.core.clock import now
from webapp.credentials.models import Credential, CredentialUse, ResourceUse

MEMBER = aliased(Credential)
# Rows per step: few enough to lock the database only briefly, including all rows that are deleted by cascade.
BATCH_SIZE = 500
# No page shows older counts.
USES_KEPT = timedelta(days=90)


def purge(db: Session, *, retention: timedelta, limit: int = BATCH_SIZE) -> int:
    """Delete credentials that expired or were ended long ago; other tables follow by ``ON DELETE CASCADE``.

    A credential without a row is refused like an ended one. An idle credential is deleted only after its expiry, and a
    script login only after its last access token, because ending the login must still end that token.

    Args:
        retention: for how long they are kept after their end.
        limit: rows to delete at most.

    Returns:
        Number of rows deleted; fewer than ``limit`` if none are left.
    """
    before = now() - retention
    has_members = exists().where(MEMBER.family_id == Credential.id, MEMBER.expires_at > before)
    found = set[object]()
    # Two queries, each with its own index: with OR the database would read the whole table.
    for moment in (Credential.expires_at, Credential.revoked_at):
        if len(found) < limit:
            found |= set(
                db.scalars(select(Credential.id).where(moment <= before, ~has_members).limit(limit - len(found)))
            )
    db.execute(delete(Credential).where(Credential.id.in_(found)))
    return len(found)


def purge_uses(db: Session, *, retention: timedelta = USES_KEPT) -> int:
    """Delete the counts of use of one day, the oldest one.

    Args:
        retention: age from which on counts are deleted.

    Returns:
        Number of rows deleted; 0 if none are left.
    """
    before = (now() - retention).date()
    deleted = 0
    for table in (CredentialUse, ResourceUse):
        oldest = select(func.min(table.day)).where(table.day < before).scalar_subquery()
        deleted += len(db.execute(delete(table).where(table.day == oldest).returning(table.credential_id)).all())
    return deleted
