"""Events carried away: as lines of JSON with their chain, and as CSV that no spreadsheet takes for formulas."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from uuid import UUID

import msgspec

from webapp.audit.models import AuditEvent

COLUMNS = ("seq", "at", "event", "user_id", "user", "actor_id", "actor", "credential_id", "address", "request_id")
# What a spreadsheet takes for the beginning of a formula (OWASP, CSV injection).
FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n")

Names = Mapping[UUID, str]


def as_object(entry: AuditEvent, names: Names) -> dict[str, object]:
    found = {name: getattr(entry, name, None) for name in COLUMNS}
    found |= {"user": name_in(names, entry.user_id), "actor": name_in(names, entry.actor_id)}
    return found | {"id": entry.id, "details": entry.details, "digest": entry.digest.hex()}


def name_in(names: Names, user_id: UUID | None) -> str | None:
    return names.get(user_id) if user_id else None


def as_line(entry: AuditEvent, names: Names) -> bytes:
    return msgspec.json.encode(as_object(entry, names)) + b"\n"


def as_csv(entries: Iterable[AuditEvent], names: Names) -> Iterator[bytes]:
    yield row_of((*COLUMNS, "details", "digest"))
    for entry in entries:
        found = as_object(entry, names) | {"at": entry.at.isoformat()}
        details = msgspec.json.encode(entry.details).decode()
        yield row_of((*(found[name] for name in COLUMNS), details, found["digest"]))


def row_of(cells: Iterable[object]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(harmless(cell) for cell in cells)
    return buffer.getvalue().encode()


def harmless(cell: object) -> str:
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.startswith(FORMULAS) else text
