"""A form submitted after its session had ended: saved, and offered to the same user after the next login.

Two conditions hold: the CSRF token of the form names the user of the page that it comes from; and the same user logs in
again in the same browser. The cookie holds a secret, the database its digest and the encrypted form, for one hour.
Passwords and other secrets in a form are not saved.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import NewType
from uuid import UUID

import msgspec
from flask import request, session
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from webapp.core.clock import now
from webapp.core.digests import constant_time_equal, digest, new_secret
from webapp.core.encryption import DecryptionFailed, Encryptor
from webapp.core.sealed_column import SealedColumn
from webapp.guard import form_state
from webapp.guard.form_state import Fields
from webapp.guard.models import StoredForm
from webapp.guard.principal import CredentialRow
from webapp.web import csrf
from webapp.web.registry import service
from webapp.web.transaction import database

FormEncryptor = NewType("FormEncryptor", Encryptor)
"""Encrypts saved forms; a service."""
FORMS = SealedColumn("saved forms", "kept form", StoredForm.user_id, StoredForm.sealed, StoredForm.user_id)
SESSION_KEY = "kept_form"
"""Key of the secret in the session cookie; it is kept when a login clears the session."""
LIFETIME = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class SavedForm:
    target: str
    fields: Fields


class NotTheirForm(Exception):
    """The form in this browser belongs to another user."""


def save(target: str, ended: CredentialRow | None = None) -> bool:
    """Save the form of this request for the user of the page that sent it; False if it cannot be saved.

    Args:
        target: path and query to which the form was submitted.
        ended: row of the session that was refused.
    """
    if request.method != "POST" or form_state.is_too_long() or (owner := csrf.page_owner()) is None:
        return False
    if ended is not None and ended.user_id == owner and ended.disabled_at is not None:
        return False
    text = form_state.serialize()
    if text is None or not form_state.parse(text):
        # A form without fields, only a button: nothing would be lost.
        return False
    return store(owner, target, text)


def store(owner: UUID, target: str, text: str) -> bool:
    """Save a form for a user, in place of one that was saved before; False if that is not possible.

    Args:
        text: its fields, made by ``form_state.serialize``.
    """
    secret = new_secret()
    content = msgspec.json.encode((target, text))
    form = StoredForm(
        user_id=owner,
        digest=digest(secret),
        sealed=encryptor().seal(content, belongs_to=str(owner)),
        expires_at=now() + LIFETIME,
    )
    try:
        with database().write() as db:
            db.execute(delete(StoredForm).where(StoredForm.user_id == owner))
            db.add(form)
    except IntegrityError:
        # The account was deleted, or the same form came twice at once.
        return False
    session[SESSION_KEY] = secret
    return True


def is_waiting_for(db: Session, user_id: UUID) -> bool:
    """Whether a saved form of this user waits in this browser."""
    secret, found = session.get(SESSION_KEY), db.get(StoredForm, user_id)
    return isinstance(secret, str) and found is not None and found.digest == digest(secret) and now() < found.expires_at


def find(db: Session, user_id: UUID) -> SavedForm | None:
    """The saved form of a user in this browser; None if there is none or it has expired.

    Raises:
        NotTheirForm: it belongs to another user; the cookie of this browser no longer names it.
    """
    secret = session.get(SESSION_KEY)
    if not isinstance(secret, str):
        return None
    found = db.get(StoredForm, user_id)
    if found is None or not constant_time_equal(found.digest.hex(), digest(secret).hex()):
        session.pop(SESSION_KEY)
        if is_somebodys(db, secret):
            raise NotTheirForm
        return None
    return opened(found) if now() < found.expires_at else None


def is_somebodys(db: Session, secret: str) -> bool:
    query = select(StoredForm.user_id).where(StoredForm.digest == digest(secret), StoredForm.expires_at > now())
    return db.scalar(query) is not None


def opened(found: StoredForm) -> SavedForm | None:
    try:
        content = encryptor().open(found.sealed, belongs_to=str(found.user_id))
    except DecryptionFailed:
        return None
    target, text = msgspec.json.decode(content, type=tuple[str, str])
    fields = form_state.parse(text)
    return SavedForm(target, fields) if fields is not None else None


def purge(db: Session) -> int:
    """Delete expired forms; a job. Returns their number."""
    expired = db.scalars(delete(StoredForm).where(StoredForm.expires_at <= now()).returning(StoredForm.user_id)).all()
    return len(expired)


def encryptor() -> Encryptor:
    return service(FormEncryptor)
