"""Audit events on the command line: the latest, the new ones, and each on one line."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from webapp.accounts import user_queries
from webapp.admin.audit_entries import audit_entry
from webapp.admin.audit_presenter import audit_line
from webapp.audit import event_queries
from webapp.audit.log import current_name
from webapp.audit.models import AuditEvent
from webapp.core.clock import now
from webapp.core.db import Database

PAUSE = 1.0
# On PostgreSQL an event may become visible after a later one, so this much of the past is read again.
OVERLAP = timedelta(seconds=10)
MAX_AT_ONCE = 10_000

Batch = Sequence[AuditEvent]


def latest(database: Database, lines: int, event: str | None) -> Iterator[Batch]:
    yield tail(database, lines, event)


def what_follows(database: Database, *, lines: int, event: str | None) -> Iterator[Batch]:
    """The latest events, then new ones until the caller stops."""
    since = now() - OVERLAP
    seen_ids = {entry.id for entry in tail(database, MAX_AT_ONCE, event, since)}
    yield tail(database, lines, event)
    while True:
        time.sleep(PAUSE)
        began_at = now()
        found = tail(database, MAX_AT_ONCE, event, since)
        yield [entry for entry in found if entry.id not in seen_ids]
        since, seen_ids = began_at - OVERLAP, {entry.id for entry in found}


def tail(database: Database, limit: int, event: str | None, after: datetime | None = None) -> Batch:
    with database.read() as db:
        return event_queries.tail(db, limit=limit, after=after, event=event) if limit else ()


def names_in(database: Database, batch: Batch) -> dict[UUID, str]:
    """Names of the users in these events, by ID."""
    mentioned = {user_id for event in batch for user_id in (event.user_id, event.actor_id) if user_id}
    with database.read() as db:
        found = (user_queries.by_id(db, user_id) for user_id in mentioned)
        return {user.id: user.username for user in found if user}


def as_line(event: AuditEvent, names: Mapping[UUID, str]) -> str:
    """One line: when, the sentence that the page of the audit log shows, its details, and the event's name."""
    found = audit_line([audit_entry(event, names)])
    sentence = "".join(part.text for part in found.parts)
    facts = [f"{change.name}: {change.before} → {change.after}" for change in found.changes]
    facts += [f"reason: {found.reason}"] if found.reason else []
    facts += [f"{name}: {value}" for name, value in found.rest.items()]
    text = f"Refused: {sentence}" if found.is_refusal else sentence
    text += f" {'; '.join(facts)}." if facts else ""
    origin = f", {found.origin}" if found.origin else ""
    return printable(f"{event.at.isoformat(timespec='milliseconds')} {text} ({found.event}{origin})")


def printable(text: str) -> str:
    """The text with line breaks, terminal controls and bidirectional controls escaped: it contains user input."""
    return "".join(char if char.isprintable() else json.dumps(char)[1:-1] for char in text)


def as_object(event: AuditEvent, names: Mapping[UUID, str]) -> str:
    columns = ("id", "at", "event", "user_id", "actor_id", "credential_id", "address", "request_id", "details")
    found = {name: getattr(event, name) for name in columns}
    username = names.get(event.user_id) if event.user_id else None
    found |= {"event": current_name(event.event), "username": username}
    return msgspec.json.encode(found).decode()
