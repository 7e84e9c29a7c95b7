"""Rows of the audit log as former versions wrote them."""

from uuid import uuid4

from sqlalchemy.orm import Session

from webapp.audit import chain
from webapp.core.clock import now


def store(db: Session, event: str, **columns: object) -> None:
    """An event by its name in the table, which need not be one that this version writes."""
    unset = dict.fromkeys(("user_id", "actor_id", "credential_id", "address", "request_id"))
    chain.append(db, id=uuid4(), at=now(), event=event, **unset | {"details": {}} | columns)
