"""Lines of the log as a page shows them: sentences that link to whom they name, and what repeats folded into one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from uuid import UUID

from webapp.admin.audit_entries import AuditEntry, Change, text
from webapp.audit import reports
from webapp.audit.reports import Details, UserReference
from webapp.audit.sentences import REFUSALS
from webapp.core.humanize import in_words
from webapp.sessions import user_agents

# Said in a place of its own, or of no use to a reader; the JSON has all of it.
APART = {
    *("former", "before", "after", "reason", "username", "user_agent", "origin"),
    *("fields", "is_known", "digest", "amr"),
}
ORIGINS = {
    "cli": "on the command line",
    "holder": "by the token itself",
    "house": "automatically",
    "invitation": "with an invitation",
    "register": "by registering",
    "setup": "with the setup link",
}


@dataclass(frozen=True, slots=True)
class SentencePart:
    """Of a sentence: words, or the name of somebody."""

    text: str
    user_id: UUID | None = None
    is_gone: bool = False


@dataclass(frozen=True, slots=True)
class ChangedValue:
    what: str
    before: str | datetime
    after: str | datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditLine:
    """One event, or several that are alike and came one after the other."""

    at: datetime
    event: str
    pieces: list[SentencePart]
    is_refusal: bool
    changes: list[ChangedValue]
    reason: str | None
    rest: dict[str, str | datetime]
    """Of the details, what is said nowhere else."""
    whence: str
    times: int
    since: datetime


def lines(entries: Sequence[AuditEntry]) -> list[AuditLine]:
    """The latest first, as they come."""
    return [line(list(alike)) for _, alike in groupby(entries, key=likeness)]


def likeness(entry: AuditEntry) -> tuple[object, ...]:
    # Who is asked for by id: two who are gone may have begun alike.
    return (
        entry.sentence,
        entry.user_id,
        entry.actor_id,
        entry.address,
        entry.changes,
        present_entry(entry),
        whence(entry),
    )


def line(alike: Sequence[AuditEntry]) -> AuditLine:
    entry = alike[0]
    return AuditLine(
        at=entry.at,
        event=entry.event,
        pieces=list(pieces(entry)),
        is_refusal=entry.event in REFUSALS,
        changes=[changed_value(change) for change in entry.changes],
        reason=entry.details.get("reason"),
        rest=present_entry(entry),
        whence=whence(entry),
        times=len(alike),
        since=alike[-1].at,
    )


def changed_value(change: Change) -> ChangedValue:
    if not change.what.endswith("_at"):
        # A role is said as people say it, the name of a token as it was given.
        shown = in_words if change.what in ("role", "includes") else str
        return ChangedValue(in_words(change.what), shown(change.before), shown(change.after))
    return ChangedValue(in_words(change.what.removesuffix("_at")), moment(change.before), moment(change.after))


def moment(text: str) -> str | datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return text


def pieces(entry: AuditEntry) -> Iterator[SentencePart]:
    named = {
        UserReference.USER: SentencePart(entry.user or reports.SOMEBODY, entry.user_id, entry.user_id in entry.gone),
        UserReference.ACTOR: SentencePart(entry.actor or "", entry.actor_id, entry.actor_id in entry.gone),
    }
    for word in reports.words(entry.event, Details(entry.details), has_actor=entry.actor is not None):
        yield named[word] if isinstance(word, UserReference) else SentencePart(word)


def present_entry(entry: AuditEntry) -> dict[str, str | datetime]:
    details = Details(entry.details)
    reports.words(entry.event, details, has_actor=False)
    apart = APART | details.said | {change.what for change in entry.changes}
    kept = {name: value for name, value in entry.details.items() if name not in apart and not name.endswith("_id")}
    return dict(fact(name, text(value)) for name, value in kept.items() if value is not None)


def fact(name: str, value: str) -> tuple[str, str | datetime]:
    if not name.endswith("_at"):
        return in_words(name), value
    return in_words(name.removesuffix("_at")), moment(value)


def whence(entry: AuditEntry) -> str:
    """By which way, with which browser, from where."""
    agent, way = entry.details.get("user_agent"), ORIGINS.get(str(entry.details.get("origin")))
    browser = user_agents.in_words(agent) if isinstance(agent, str) and agent else None
    return ", ".join(filter(None, (way, browser, f"from {entry.address}" if entry.address else None)))
