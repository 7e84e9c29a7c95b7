"""Audit log entries as admins read them: who did what to whom, and the values before."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy.orm import Session

from webapp.accounts import user_queries
from webapp.audit.models import AuditEvent
from webapp.audit.sentences import UserReference, parts
from webapp.audit.sentences.wording import Details
from webapp.core.former_names import HasIpAddress, renamed
from webapp.core.translation import _

# Details whose former value is stored as ``former``; ``address`` is the e-mail address in events of former versions.
FORMERLY = {"role": "role", "name": "name", "email": "email", "address": "email"}


class Change(msgspec.Struct, frozen=True):
    """One changed value, before and after."""

    what: str
    before: str
    after: str


@renamed(gone="deleted")
class AuditEntry(HasIpAddress, frozen=True, kw_only=True):
    """One event. `seq` increases by one; `digest` covers the previous event and this one."""

    seq: int
    at: datetime
    event: str
    sentence: str
    user_id: UUID | None
    user: str | None
    actor_id: UUID | None
    actor: str | None
    deleted: list[UUID]
    """Which of user and actor were deleted."""
    gone: list[UUID] | None = None
    """Former name of `deleted`."""
    credential_id: UUID | None
    request_id: str | None
    details: dict[str, Any]
    changes: list[Change]
    digest: str


def audit_entries(db: Session, events: Sequence[AuditEvent]) -> list[AuditEntry]:
    """Events with the names of the users they mention, read with one query."""
    names = user_queries.names_of(db, {i for event in events for i in (event.user_id, event.actor_id) if i})
    return [audit_entry(event, names) for event in events]


def audit_entry(event: AuditEvent, names: Mapping[UUID, str]) -> AuditEntry:
    user, actor = name_or_id(event.user_id, names, event.details), name_or_id(event.actor_id, names, {})
    return AuditEntry(
        seq=event.seq,
        at=event.at,
        event=event.event,
        sentence=sentence(event, user, actor),
        user_id=event.user_id,
        user=user,
        actor_id=event.actor_id,
        actor=actor,
        deleted=[user_id for user_id in (event.user_id, event.actor_id) if user_id and user_id not in names],
        credential_id=event.credential_id,
        ip_address=event.address,
        request_id=event.request_id,
        details=event.details,
        changes=changes(event.details),
        digest=event.digest.hex(),
    )


def name_or_id(user_id: UUID | None, names: Mapping[UUID, str], details: Mapping[str, Any]) -> str | None:
    """The user name; for a deleted user the name in the event, or else the beginning of the id."""
    if user_id is None:
        return None
    return names.get(user_id) or details.get("username") or f"{str(user_id)[:8]}…"


def sentence(event: AuditEvent, user: str | None, actor: str | None) -> str:
    names = {UserReference.USER: user or _("somebody"), UserReference.ACTOR: actor or ""}
    found = parts(event.event, Details(event.details), has_actor=actor is not None)
    return "".join(names[part] if isinstance(part, UserReference) else part for part in found)


def changes(details: Mapping[str, Any]) -> list[Change]:
    if "former" in details:
        field = next((name for name in FORMERLY if name in details), "value")
        return [Change(FORMERLY.get(field, field), text(details["former"]), text(details.get(field)))]
    before, after = details.get("before"), details.get("after")
    if not isinstance(before, dict):
        return []
    later = after if isinstance(after, dict) else {}
    return [
        Change(name, text(value), text(later.get(name))) for name, value in before.items() if later.get(name) != value
    ]


def text(value: object) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(map(str, value)) or _("nothing")
    return _("nothing") if value is None else str(value)
