"""SessionRotation: a new secret for a remembered session whose browser comes back, which reveals copied cookies."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from webapp.audit.log import Event, record
from webapp.core.clock import now
from webapp.core.db import Database
from webapp.core.digests import derive, keyed
from webapp.credentials import lifecycle as credentials
from webapp.credentials import sids
from webapp.sessions.lifecycle import credential_key
from webapp.sessions.models import FormerSecret

OVERLAP = timedelta(seconds=30)
"""For how long the former secret works after the next one was first used: several tabs are restored at once."""


@dataclass(frozen=True, slots=True)
class FormerUse:
    """A request with a secret that was replaced."""

    session_id: UUID
    key: str
    """Key by which the session is found now."""
    is_accepted: bool
    """Whether it comes within the overlap; otherwise somebody holds a copy of the cookie."""


@dataclass(frozen=True, slots=True, repr=False)
class SessionRotation:
    """Derives each secret from the one before and the site's key: all requests of one browser get the same."""

    database: Database
    keys: Sequence[bytes]
    """The first is used for new secrets; the others were, before the secret key changed."""

    @classmethod
    def from_secrets(cls, database: Database, secret_key: str, *former: str) -> "SessionRotation":
        return cls(database, [derive(key, "session secret rotation") for key in (secret_key, *former)])

    def rotate(self, session_id: UUID, secret: str) -> str | None:
        """Replace the secret of a session. Of requests at the same time, one replaces it, and all get the same."""
        successor = keyed(self.keys[0], f"{session_id} {secret}")
        with self.database.write() as db:
            if credentials.replace_key(db, session_id, credential_key(secret), by=credential_key(successor)):
                db.add(FormerSecret(key=credential_key(secret), session_id=session_id, replaced_at=now()))
                return successor
        return self.successor(session_id, secret)

    def successor(self, session_id: UUID, secret: str) -> str | None:
        """The secret that replaced this one, if it is the present one of the session."""
        with self.database.read() as db:
            found = credentials.find(db, session_id, kind="session")
        candidates = (keyed(key, f"{session_id} {secret}") for key in self.keys)
        return next((one for one in candidates if found is not None and credential_key(one) == found.key), None)

    def former_use(self, key: str) -> FormerUse | None:
        """What a request with the key of a former secret is; None if no session had it."""
        with self.database.read() as db:
            former = db.get(FormerSecret, key)
            session = credentials.find(db, former.session_id, kind="session") if former else None
        if former is None or session is None:
            return None
        # Until the next one is used, its response may have been lost on the way.
        is_accepted = former.next_used_at is None or now() <= former.next_used_at + OVERLAP
        return FormerUse(former.session_id, session.key, is_accepted)

    def note_use(self, session_id: UUID) -> None:
        """Note that the present secret has arrived in the browser: those before it end soon."""
        unused = FormerSecret.session_id == session_id, FormerSecret.next_used_at.is_(None)
        with self.database.write() as db:
            db.execute(update(FormerSecret).where(*unused).values(next_used_at=now()))


def end_copied(db: Session, session_id: UUID) -> UUID | None:
    """End a session whose former secret was used again. Returns its user; None if it had ended before."""
    found = credentials.find(db, session_id, kind="session")
    if found is None or not found.is_live(now()) or not credentials.end(db, session_id):
        return None
    sids.end_dependent_families(db, [session_id])
    record(db, Event.SESSION_REUSED, user_id=found.user_id, credential_id=session_id, origin="site")
    return found.user_id
