"""Export formats of audit events: JSON lines with the chain, and CSV that spreadsheets do not read as formulas."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from uuid import UUID

import msgspec

from webapp.audit.models import AuditEvent

COLUMNS = ("seq", "at", "event", "user_id", "user", "actor_id", "actor", "credential_id", "address", "request_id")
# Characters at which a cell becomes a formula in spreadsheets (OWASP, CSV injection).
FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n")

Names = Mapping[UUID, str]
"""User names by user id."""


def as_object(entry: AuditEvent, names: Names) -> dict[str, object]:
    """An event with the names of its users, ready for JSON."""
    found = {name: getattr(entry, name, None) for name in COLUMNS}
    found |= {"user": name_in(names, entry.user_id), "actor": name_in(names, entry.actor_id)}
    return found | {"id": entry.id, "details": entry.details, "digest": entry.digest.hex()}


def name_in(names: Names, user_id: UUID | None) -> str | None:
    return names.get(user_id) if user_id else None


def as_line(entry: AuditEvent, names: Names) -> bytes:
    """An event as one line of JSON."""
    return msgspec.json.encode(as_object(entry, names)) + b"\n"


def as_csv(entries: Iterable[AuditEvent], names: Names) -> Iterator[bytes]:
    """Events as CSV (RFC 4180), one line at a time, after a header line; ``details`` is JSON."""
    yield row_of((*COLUMNS, "details", "digest"))
    for entry in entries:
        found = as_object(entry, names) | {"at": entry.at.isoformat()}
        details = msgspec.json.encode(entry.details).decode()
        yield row_of((*(found[name] for name in COLUMNS), details, found["digest"]))


def row_of(cells: Iterable[object]) -> bytes:
    """One line of CSV."""
    buffer = io.StringIO()
    csv.writer(buffer).writerow(without_formula(cell) for cell in cells)
    return buffer.getvalue().encode()


def without_formula(cell: object) -> str:
    """The text of a cell, with an apostrophe in front if a spreadsheet would read it as a formula."""
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.startswith(FORMULAS) else text
