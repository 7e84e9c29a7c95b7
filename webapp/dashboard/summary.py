"""The structs that the dashboard shows, gathered from the rooms below."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec
from sqlalchemy.orm import Session

from webapp.audit import reading
from webapp.audit.log import Event
from webapp.audit.sentences import AuditSentence, sentence_of
from webapp.core.clock import now
from webapp.core.humanize import counted
from webapp.credentials import usage_tracker
from webapp.guard.policy import Decision, Requirement, decide
from webapp.guard.principal import Principal
from webapp.sessions.session_list import Device
from webapp.tokens import lifecycle as tokens
from webapp.tokens import token_list
from webapp.tokens.token_list import Token

DAYS = 14
RECENT = 8
SHOWN_TOKENS = 8
# What the house's own pages ask; everything else is a resource that somebody put behind the guard.
OWN_SCOPES = {"profile:read", "tokens:read", "admin:read", "admin:write"}


class OpenResource(msgspec.Struct, frozen=True):
    name: str
    path: str
    scope: str
    who: str
    curl: str
    mint_href: str


class DashboardTask(msgspec.Struct, frozen=True):
    """Something that wants a minute of its owner."""

    sentence: str
    name: str
    href: str
    action: str


class Day(msgspec.Struct, frozen=True):
    date: date
    logins: int
    requests: int


class Dashboard(msgspec.Struct, frozen=True):
    """What matters to the caller today."""

    username: str
    roles: list[str]
    credential: str
    scopes: list[str]
    greeting: str
    summary: str
    attention: list[DashboardTask]
    resources: list[OpenResource]
    sessions: list[Device]
    tokens: list[Token]
    recent: list[AuditSentence]
    days: list[Day]


def is_open(principal: Principal, need: Requirement) -> bool:
    """Whether this caller may come in, as they are or after a fresh proof."""
    return decide(principal, need, now()) in (Decision.ALLOW, Decision.STEP_UP)


def who(need: Requirement) -> str:
    return f"Role {need.role.replace('_', ' ')}" if need.role else "Everyone with an account"


def name_of(path: str) -> str:
    """A name for an address: "/protected/super-admin" is "Protected, super admin"."""
    return path.strip("/").replace("-", " ").replace("_", " ").replace("/", ", ").capitalize()


def tasks(found: Iterable[Token], href: dict[UUID, str]) -> list[DashboardTask]:
    return [
        DashboardTask(sentence, token.name, href[token.id], f"View {token.name}")
        for token in found
        if (sentence := needs_a_minute(token))
    ]


def needs_a_minute(token: Token) -> str | None:
    week = sum(token.week)
    if token.state == "expires_soon":
        used = (
            f"It was used {week} time{'' if week == 1 else 's'} in the last 7 days."
            if week
            else "It was not used in the last 7 days."
        )
        return f"{token.name} expires on {token.expires_at:%A} at {token.expires_at:%H:%M} UTC. {used}"
    if token.state == "unused":
        return f"{token.name} has not been used for 90 days. Revoke it if you don't need it."
    if token.state == "never_used" and now() - token.created_at > timedelta(days=7):
        return f"{token.name} has never been used."
    return None


def days(db: Session, user_id: UUID) -> list[Day]:
    """The last fourteen, in UTC, the oldest first."""
    today = now().date()
    since = today - timedelta(days=DAYS - 1)
    midnight = datetime.combine(since, datetime.min.time(), now().tzinfo)
    logins = Counter(at.date() for at in reading.moments(db, user_id, Event.SESSION_STARTED, since=midnight))
    requests = usage_tracker.by_scripts(db, user_id, since=since)
    span = (since + timedelta(days=ahead) for ahead in range(DAYS))
    return [Day(day, logins[day], requests.get(day, 0)) for day in span]


def happenings(db: Session, user_id: UUID) -> list[AuditSentence]:
    events = reading.of_user(db, user_id, limit=RECENT)
    names = tokens.names(db, user_id, [event.credential_id for event in events if event.credential_id])
    return [sentence_of(event, names) for event in events]


def sum_up(devices: int, tokens: int, script_logins: int, attention: Sequence[DashboardTask]) -> str:
    """The first sentence of the page: what can use the account, counted as its tables and the other pages count."""
    counts = [counted(devices, "device"), counted(tokens, "token")]
    counts += [counted(script_logins, "script login")] if script_logins else []
    sentence = f"{', '.join(counts[:-1])} and {counts[-1]} can use your account."
    if not attention:
        return sentence
    return f"{sentence} {counted(len(attention), 'token')} need{'s' if len(attention) == 1 else ''} attention."


def live_tokens(db: Session, user_id: UUID) -> token_list.TokenPage:
    return token_list.token_page(db, user_id, is_live=True, size=SHOWN_TOKENS)
