"""purge: credentials that ended long ago, thrown away a few at a time."""

from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from webapp.credentials.models import Credential
from webapp.kernel.clock import now

# Few enough that nobody notices how long it takes, even with all that hangs on them.
MOST = 500


def purge(db: Session, *, kept: timedelta, most: int = MOST) -> int:
    """Throw away credentials that ended before so long, with what hangs on them: the database's own cascades.

    A credential without a row is refused as one that has ended is. What was left idle goes when it would have ended
    anyway.

    Returns:
        How many; fewer than ``most`` only where there are no more.
    """
    before = now() - kept
    found = set[object]()
    # One condition at a time, each by an index of its own: with OR the whole table would be read.
    for moment in (Credential.expires_at, Credential.revoked_at):
        if len(found) < most:
            found |= set(db.scalars(select(Credential.id).where(moment <= before).limit(most - len(found))))
    db.execute(delete(Credential).where(Credential.id.in_(found)))
    return len(found)
