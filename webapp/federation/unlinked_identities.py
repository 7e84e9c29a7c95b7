"""Identities that were unlinked from an account: their e-mail address alone does not link them to it again."""

import json
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.orm import Session

from webapp.core.digests import digest
from webapp.federation.models import UnlinkedIdentity


def record_unlinked(db: Session, user_id: UUID, issuer: str, subject: str) -> None:
    if not was_unlinked(db, user_id, issuer, subject):
        db.add(UnlinkedIdentity(user_id=user_id, digest=digest_of(issuer, subject)))


def was_unlinked(db: Session, user_id: UUID, issuer: str, subject: str) -> bool:
    return db.get(UnlinkedIdentity, (user_id, digest_of(issuer, subject))) is not None


def forget(db: Session, user_id: UUID, issuer: str, subject: str) -> None:
    """Delete the record of an unlinked identity, because it is linked again."""
    matches = UnlinkedIdentity.user_id == user_id, UnlinkedIdentity.digest == digest_of(issuer, subject)
    db.execute(delete(UnlinkedIdentity).where(*matches))


def digest_of(issuer: str, subject: str) -> bytes:
    return digest(json.dumps([issuer, subject]))
