"""Audit events on the command line: the latest, the new ones, and each on one line."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from webapp.accounts import user_queries
from webapp.audit import reading
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
    seen = {entry.id for entry in tail(database, MAX_AT_ONCE, event, since)}
    yield tail(database, lines, event)
    while True:
        time.sleep(PAUSE)
        began_at = now()
        found = tail(database, MAX_AT_ONCE, event, since)
        yield [entry for entry in found if entry.id not in seen]
        since, seen = began_at - OVERLAP, {entry.id for entry in found}


def tail(database: Database, limit: int, event: str | None, after: datetime | None = None) -> Batch:
    with database.read() as db:
        return reading.tail(db, limit=limit, after=after, event=event) if limit else ()


def names_in(database: Database, batch: Batch) -> dict[UUID, str]:
    """Names of the users in these events, by ID."""
    mentioned = {user_id for entry in batch for user_id in (entry.user_id, entry.actor_id) if user_id}
    with database.read() as db:
        found = (user_queries.by_id(db, user_id) for user_id in mentioned)
        return {user.id: user.username for user in found if user}


def as_line(entry: AuditEvent, names: Mapping[UUID, str]) -> str:
    """One line; values are JSON, so that a line break in a value does not break the line."""
    who = {"user": entry.user_id, "actor": entry.actor_id}
    called = {part: names.get(user_id, str(user_id)) for part, user_id in who.items() if user_id}
    rest = {"credential": entry.credential_id, "address": entry.address} | entry.details
    fields = called | {name: value for name, value in rest.items() if value is not None}
    pairs = "".join(f" {name}={json.dumps(value, default=str)}" for name, value in fields.items())
    return f"{entry.at.isoformat(timespec='milliseconds')} {current_name(entry.event)}{pairs}"


def as_object(entry: AuditEvent, names: Mapping[UUID, str]) -> str:
    columns = ("id", "at", "event", "user_id", "actor_id", "credential_id", "address", "request_id", "details")
    found = {name: getattr(entry, name) for name in columns}
    username = names.get(entry.user_id) if entry.user_id else None
    found |= {"event": current_name(entry.event), "username": username}
    return msgspec.json.encode(found).decode()
