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
    return f"Role {need.role.replace('_', ' ')}" if need.role else "Everybody with an account"


def name_of(path: str) -> str:
    """A name for an address: "/protected/super-admin" is "Protected, super admin"."""
    return path.strip("/").replace("-", " ").replace("_", " ").replace("/", ", ").capitalize()


def tasks(found: Iterable[Token], href: dict[UUID, str]) -> list[DashboardTask]:
    return [
        DashboardTask(sentence, token.name, href[token.id], f"See {token.name}")
        for token in found
        if (sentence := needs_a_minute(token))
    ]


def needs_a_minute(token: Token) -> str | None:
    week = sum(token.week)
    if token.state == "expires_soon":
        used = (
            f"It was used {week} times this week, so something will miss it." if week else "Nothing used it this week."
        )
        return f"{token.name} stops working on {token.expires_at:%A} at {token.expires_at:%H:%M} UTC. {used}"
    if token.state == "unused":
        return f"{token.name} was not used for 90 days. What nobody needs can be revoked."
    if token.state == "never_used" and now() - token.created_at > timedelta(days=7):
        return f"{token.name} was never used since it was made."
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


def sum_up(devices: Sequence[Device], scripts: int, attention: Sequence[DashboardTask]) -> str:
    reach = f"{counted(len(devices), 'device')} and {counted(scripts, 'token').lower()} can act as you."
    if not attention:
        return reach
    return f"{reach} {word_of(len(attention))} of them need{'s' if len(attention) == 1 else ''} a minute."


def counted(count: int, noun: str) -> str:
    return f"{word_of(count)} {noun}{'' if count == 1 else 's'}"


def word_of(count: int) -> str:
    words = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")
    return words[count] if count < len(words) else str(count)


def live_tokens(db: Session, user_id: UUID) -> token_list.TokenPage:
    return token_list.token_page(db, user_id, is_live=True, size=SHOWN_TOKENS)
