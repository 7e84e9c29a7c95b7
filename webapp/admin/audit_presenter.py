"""Lines of the audit log page: sentences that link to users, with repeated events folded into one line."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from uuid import UUID

from webapp.admin.audit_entries import FORMERLY, AuditEntry, Change, text
from webapp.audit.log import REFUSALS, current_name
from webapp.audit.sentences import UserReference, parts
from webapp.audit.sentences.wording import Details
from webapp.core.humanize import humanize
from webapp.core.translation import _, _l
from webapp.sessions import user_agents

# Details that are shown elsewhere on the page, or are of no use to a reader; the JSON has all of them.
APART = {
    *("former", "before", "after", "reason", "username", "user_agent", "origin"),
    *("fields", "is_known", "digest", "amr"),
}
ORIGINS = {
    "cli": _l("on the command line"),
    "holder": _l("by the token itself"),
    "site": _l("automatically"),
    # Values in events of former versions.
    "house": _l("automatically"),
    "invitation": _l("with an invitation"),
    "register": _l("by registering"),
    "setup": _l("with the setup link"),
}
LABELS = {
    "account_domains": _l("domains whose users get an account"),
    "account_policy": _l("who gets an account"),
    "address": _l("IP address"),
    "ip_address": _l("IP address"),
    "again": _l("again"),
    "audience": _l("audience"),
    "audiences": _l("services"),
    "by": _l("by"),
    "by_hand": _l("by hand"),
    "description": _l("description"),
    "display_name": _l("display name"),
    "email": _l("e-mail address"),
    "email_domains": _l("e-mail domains of the provider"),
    "ends": _l("ends"),
    "expires": _l("expires"),
    "grantable_roles": _l("roles that rules may give"),
    "includes": _l("includes"),
    "kind": _l("kind"),
    "known": _l("stored counter"),
    "language": _l("language"),
    "limit": _l("limit"),
    "logs_out": _l("logout at the provider"),
    "made": _l("made"),
    "methods": _l("methods"),
    "name": _l("name"),
    "networks": _l("networks"),
    "overlap": _l("overlap"),
    "per_minute": _l("per minute"),
    "resources": _l("resources"),
    "retired": _l("retired"),
    "revoked": _l("revoked"),
    "position": _l("position"),
    "role": _l("role"),
    "role_rules": _l("rules"),
    "said": _l("reported counter"),
    "scopes": _l("scopes"),
    "script_logins": _l("script logins"),
    "sessions": _l("sessions"),
    "theme": _l("theme"),
    "time_zone": _l("time zone"),
    "tokens": _l("tokens"),
    "trusted_acr": _l("trusted acr"),
    "trusted_amr": _l("trusted amr"),
    "tokens_kept": _l("tokens kept"),
    "uses": _l("uses"),
    "value": _l("value"),
    "way": _l("way"),
    "what": _l("what"),
}
"""Labels of details and changed values."""


@dataclass(frozen=True, slots=True)
class SentencePart:
    """A part of a sentence: text, or a user name that is a link."""

    text: str
    user_id: UUID | None = None
    is_gone: bool = False


@dataclass(frozen=True, slots=True)
class ChangedValue:
    name: str
    before: str | datetime
    after: str | datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditLine:
    """One event, or consecutive events that are equal except for their time."""

    at: datetime
    event: str
    parts: list[SentencePart]
    is_refusal: bool
    changes: list[ChangedValue]
    reason: str | None
    rest: dict[str, str | datetime]
    """Details that the sentence does not contain."""
    origin: str
    times: int
    since: datetime


def lines(entries: Sequence[AuditEntry]) -> list[AuditLine]:
    """Lines in the order of the entries, newest first."""
    return [audit_line(list(alike)) for _likeness, alike in groupby(entries, key=grouping_key)]


def grouping_key(entry: AuditEntry) -> tuple[object, ...]:
    # With ids, because the shortened ids of two deleted users may be equal.
    return (
        entry.sentence,
        entry.user_id,
        entry.actor_id,
        entry.ip_address,
        entry.changes,
        present_entry(entry),
        origin(entry),
    )


def audit_line(alike: Sequence[AuditEntry]) -> AuditLine:
    entry = alike[0]
    return AuditLine(
        at=entry.at,
        event=current_name(entry.event),
        parts=list(sentence_parts(entry)),
        is_refusal=entry.event in REFUSALS,
        changes=[changed_value(change) for change in entry.changes],
        reason=entry.details.get("reason"),
        rest=present_entry(entry),
        origin=origin(entry),
        times=len(alike),
        since=alike[-1].at,
    )


def changed_value(change: Change) -> ChangedValue:
    if not change.what.endswith("_at"):
        # Role names are shown with spaces for underscores; names of tokens are not changed.
        display = humanize if change.what in ("role", "includes") else str
        return ChangedValue(label(change.what), display(change.before), display(change.after))
    return ChangedValue(label(change.what.removesuffix("_at")), as_moment(change.before), as_moment(change.after))


def label(name: str) -> str:
    return str(LABELS.get(name) or humanize(name))


def as_moment(text: str) -> str | datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return text


def sentence_parts(entry: AuditEntry) -> Iterator[SentencePart]:
    names = {
        UserReference.USER: SentencePart(entry.user or _("somebody"), entry.user_id, entry.user_id in entry.deleted),
        UserReference.ACTOR: SentencePart(entry.actor or "", entry.actor_id, entry.actor_id in entry.deleted),
    }
    for part in parts(entry.event, Details(entry.details), has_actor=entry.actor is not None):
        yield names[part] if isinstance(part, UserReference) else SentencePart(part)


def present_entry(entry: AuditEntry) -> dict[str, str | datetime]:
    details = Details(entry.details)
    parts(entry.event, details, has_actor=False)
    changed = {change.what for change in entry.changes}
    apart = APART | details.used | changed | {stored for stored, name in FORMERLY.items() if name in changed}
    further = {name: value for name, value in entry.details.items() if name not in apart and not name.endswith("_id")}
    return dict(fact(name, text(value)) for name, value in further.items() if value is not None)


def fact(name: str, value: str) -> tuple[str, str | datetime]:
    if not name.endswith("_at"):
        return label(name), value
    return label(name.removesuffix("_at")), as_moment(value)


def origin(entry: AuditEntry) -> str:
    """How it was done, and from which browser and IP address."""
    agent, way = entry.details.get("user_agent"), ORIGINS.get(str(entry.details.get("origin")))
    browser = user_agents.describe_user_agent(agent) if isinstance(agent, str) and agent else None
    ip_address = _("from %(ip_address)s", ip_address=entry.ip_address) if entry.ip_address else None
    return ", ".join(str(part) for part in (way, browser, ip_address) if part)
