"""What the dashboard shows: accessible resources, devices, tokens and recent activity."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec
from babel.dates import format_date
from sqlalchemy.orm import Session

from webapp.audit import event_queries
from webapp.audit.log import Event
from webapp.audit.sentences import AuditSentence, sentence_of
from webapp.core.clock import now
from webapp.core.translation import _, _n, current_locale, listed
from webapp.credentials import usage_tracker
from webapp.credentials.live_counts import LiveCounts
from webapp.guard.policy import Decision, Requirement, decide
from webapp.guard.principal import Principal
from webapp.sessions.session_list import SessionEntry
from webapp.tokens import lifecycle as tokens
from webapp.tokens import token_list
from webapp.tokens.script_logins import ScriptLogin
from webapp.tokens.token_list import Token

DAYS = 14
RECENT = 8
SHOWN_TOKENS = 8
# Scopes of the site's own pages; all others belong to pages of plug-ins.
OWN_SCOPES = {"profile:read", "tokens:read", "admin:read", "admin:write"}


class OpenResource(msgspec.Struct, frozen=True):
    name: str
    path: str
    scope: str
    who: str
    curl: str
    mint_href: str


class MyApp(msgspec.Struct, frozen=True):
    """An app behind the reverse proxy."""

    name: str
    icon: str
    """An emoji or one or two letters."""
    host: str
    url: str


class DashboardTask(msgspec.Struct, frozen=True):
    """A token that needs the attention of its owner."""

    sentence: str
    name: str
    href: str
    action: str


class Day(msgspec.Struct, frozen=True):
    date: date
    logins: int
    requests: int


class Dashboard(msgspec.Struct, frozen=True):
    """Overview of the caller's account."""

    username: str
    roles: list[str]
    credential: str
    scopes: list[str]
    greeting: str
    summary: str
    attention: list[DashboardTask]
    apps: list[MyApp] | None
    """Apps behind the reverse proxy that the caller may open; null if this site has none."""
    resources: list[OpenResource]
    sessions: list[SessionEntry]
    tokens: list[Token]
    script_logins: list[ScriptLogin]
    recent: list[AuditSentence]
    days: list[Day]


def is_open(principal: Principal, requirement: Requirement) -> bool:
    """Whether the caller has access, if need be after a step-up."""
    return decide(principal, requirement, now()) in (Decision.ALLOW, Decision.STEP_UP)


def required_role(requirement: Requirement) -> str:
    if requirement.role:
        return _("Role %(role)s", role=requirement.role.replace("_", " "))
    return _("Everyone with an account")


def name_of(path: str) -> str:
    """The label of a path: "/protected/super-admin" is "Protected, super admin"."""
    return path.strip("/").replace("-", " ").replace("_", " ").replace("/", ", ").capitalize()


def tasks(found: Iterable[Token], href: dict[UUID, str]) -> list[DashboardTask]:
    return [
        DashboardTask(sentence, token.name, href[token.id], _("View %(name)s", name=token.name))
        for token in found
        if (sentence := token_sentence(token))
    ]


def token_sentence(token: Token) -> str | None:
    week = sum(token.week)
    if token.state == "expires_soon":
        used = (
            _n("It was used %(num)s time in the last 7 days.", "It was used %(num)s times in the last 7 days.", week)
            if week
            else _("It was not used in the last 7 days.")
        )
        weekday, time = format_date(token.expires_at, "EEEE", locale=current_locale()), f"{token.expires_at:%H:%M}"
        expires = _("%(name)s expires on %(weekday)s at %(time)s UTC.", name=token.name, weekday=weekday, time=time)
        return f"{expires} {used}"
    if token.state == "unused":
        return _("%(name)s has not been used for 90 days. Revoke it if you don't need it.", name=token.name)
    if token.state == "never_used" and now() - token.created_at > timedelta(days=7):
        return _("%(name)s has never been used.", name=token.name)
    return None


def days(db: Session, user_id: UUID) -> list[Day]:
    """Numbers of requests on each of the last 14 days (UTC), oldest first."""
    today = now().date()
    since = today - timedelta(days=DAYS - 1)
    midnight = datetime.combine(since, datetime.min.time(), now().tzinfo)
    logins = Counter(at.date() for at in event_queries.times_of(db, user_id, Event.SESSION_STARTED, since=midnight))
    requests = usage_tracker.by_scripts(db, user_id, since=since)
    span = (since + timedelta(days=ahead) for ahead in range(DAYS))
    return [Day(day, logins[day], requests.get(day, 0)) for day in span]


def recent_activity(db: Session, user_id: UUID) -> list[AuditSentence]:
    events = event_queries.of_user(db, user_id, limit=RECENT)
    names = tokens.names(db, user_id, [event.credential_id for event in events if event.credential_id])
    return [sentence_of(event, names) for event in events]


def summary_sentence(live: LiveCounts, attention: Sequence[DashboardTask]) -> str:
    """The first sentence of the page: how many devices, tokens and script logins can use the account."""
    counts = [
        _n("%(num)s device", "%(num)s devices", live.sessions),
        _n("%(num)s token", "%(num)s tokens", live.tokens),
    ]
    if live.script_logins:
        counts.append(_n("%(num)s script login", "%(num)s script logins", live.script_logins))
    sentence = _("%(things)s can use your account.", things=listed(counts))
    if not attention:
        return sentence
    attention_sentence = _n("%(num)s token needs attention.", "%(num)s tokens need attention.", len(attention))
    return f"{sentence} {attention_sentence}"


def live_tokens(db: Session, user_id: UUID) -> token_list.TokenPage:
    return token_list.token_page(db, user_id, is_live=True, size=SHOWN_TOKENS)
