"""A form that was sent after its session had ended: kept over the login, for whoever it belonged to.

It is theirs if three things fit: the ended session named its user; the form carries the CSRF value of that very cookie,
so a page of ours was filled in with it; and whoever logs in again, with the same browser, is that user. The browser
keeps a secret, the database its digest and the sealed form, an hour long. What is secret in a form is not kept at all.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import NewType
from uuid import UUID

import msgspec
from flask import request, session
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from webapp.core.clock import now
from webapp.core.digests import digest, new_secret, same
from webapp.core.encryption import DecryptionFailed, Encryptor
from webapp.guard import form_state
from webapp.guard.form_state import Fields
from webapp.guard.models import KeptForm
from webapp.guard.principal import CredentialRow
from webapp.web import csrf
from webapp.web.registry import service
from webapp.web.transaction import database

# Encrypts the forms that are kept over a login.
FormEncryptor = NewType("FormEncryptor", Encryptor)
# In the cookie; what empties it at a login leaves this.
KEPT = "kept_form"
LIFETIME = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class SavedForm:
    target: str
    fields: Fields


class NotTheirForm(Exception):
    """Another user has logged in than the one who filled it in."""


def keep(standing: CredentialRow | None, target: str) -> bool:
    """Keep the form of this request for the user whose session has ended; whether that could be done."""
    if standing is None or standing.disabled_at is not None:
        return False
    if request.method != "POST" or not csrf.is_from_own_page():
        return False
    text = form_state.kept()
    if text is None or not form_state.read(text):
        # A button alone is as easily pressed again.
        return False
    secret = new_secret()
    content = msgspec.json.encode((target, text))
    with database().write() as db:
        db.execute(delete(KeptForm).where(KeptForm.user_id == standing.user_id))
        db.add(
            KeptForm(
                user_id=standing.user_id,
                digest=digest(secret),
                sealed=sealer().seal(content, belongs_to=str(standing.user_id)),
                expires_at=now() + LIFETIME,
            )
        )
    session[KEPT] = secret
    return True


def find(db: Session, user_id: UUID) -> SavedForm | None:
    """What waits for a user in this browser; None where nothing does, or not any more.

    Raises:
        NotTheirs: and it is dropped.
    """
    secret = session.get(KEPT)
    if not isinstance(secret, str):
        return None
    found = db.get(KeptForm, user_id)
    if found is None or not same(found.digest.hex(), digest(secret).hex()):
        session.pop(KEPT)
        if is_somebodys(db, secret):
            raise NotTheirForm
        return None
    return opened(found) if now() < found.expires_at else None


def is_somebodys(db: Session, secret: str) -> bool:
    query = select(KeptForm.user_id).where(KeptForm.digest == digest(secret), KeptForm.expires_at > now())
    return db.scalar(query) is not None


def opened(found: KeptForm) -> SavedForm | None:
    try:
        content = sealer().open(found.sealed, belongs_to=str(found.user_id))
    except DecryptionFailed:
        return None
    target, text = msgspec.json.decode(content, type=tuple[str, str])
    fields = form_state.read(text)
    return SavedForm(target, fields) if fields is not None else None


def purge(db: Session) -> int:
    """Throw away what nobody came back for. Returns how many."""
    over = db.scalars(delete(KeptForm).where(KeptForm.expires_at <= now()).returning(KeptForm.user_id)).all()
    return len(over)


def sealer() -> Encryptor:
    return service(FormEncryptor)
