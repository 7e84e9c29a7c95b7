"""What the admin pages and responses show of a proxied app."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy.orm import Session

from webapp.accounts import user_queries
from webapp.accounts.user_ids import shown_names
from webapp.forward_auth import app_queries, count_store, lifecycle
from webapp.forward_auth.counted_checks import ALLOW, CountKey
from webapp.forward_auth.models import AccessRule, ProxiedApp
from webapp.forward_auth.proxied_apps import scope_of
from webapp.forward_auth.replay import ChangeEffects
from webapp.forward_auth.rule_sentences import rule_sentences, where

MOST_COUNTS = 100


class AccessRuleEntry(msgspec.Struct, frozen=True, kw_only=True):
    """What requests for some paths of an app must meet. The first rule that matches applies."""

    rule_id: UUID
    """ID of the rule; each change of the rule gives it another one."""
    number: int
    where: str
    sentences: list[str]
    """The rule in sentences."""
    path: str
    methods: list[str]
    """Methods of requests that it matches; empty for all."""
    is_public: bool
    role: str | None
    """Role that users of the app need in addition."""
    level: str
    """`aal2`, `phr`, or empty."""
    accepts_tokens: bool
    authorization: str
    """How the header `Authorization` is used: `bearer`, `basic` or `app`."""
    accepts_dpop: bool
    allows_preflight: bool
    sends_identity: bool
    networks: list[str]
    """Networks from which requests are allowed; empty for all."""


class ProxiedAppEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An app behind a reverse proxy that asks this site about each request."""

    app_id: UUID
    slug: str
    name: str
    icon: str
    hosts: list[str]
    roles: list[str]
    """Roles whose users may open it."""
    people: list[str]
    """Further users who may; if there are no roles either, everybody with an account may."""
    owner: str | None
    """User name of the owner, who decides about requests for access; null for the administrators."""
    scope: str
    """Scope that API tokens need for it."""
    is_declared: bool
    """Whether `apps.toml` declares it, so that it is changed only there."""
    created_at: datetime
    disabled_at: datetime | None
    last_opened_at: datetime | None

    @property
    def initial(self) -> str:
        return self.icon or self.name[:1].upper()


class ProxiedAppList(msgspec.Struct, frozen=True):
    apps: list[ProxiedAppEntry]


class ProxiedAppOpening(msgspec.Struct, frozen=True):
    user_id: UUID
    username: str
    host: str
    at: datetime


class CountedRequests(msgspec.Struct, frozen=True, kw_only=True):
    """Requests of the last day with one outcome."""

    method: str
    path: str
    """Pattern; `*` stands for what looks like an id. Empty for paths that are ambiguous or too many."""
    username: str | None
    """Null for somebody who was not logged in."""
    credential: str
    """`session`, `token` or empty."""
    rule: int
    """Number of the rule that applied at that time; 0 for none."""
    outcome: str
    """`allow`, or why they were refused."""
    requests: int


class ProxiedAppDetails(ProxiedAppEntry, frozen=True, kw_only=True):
    rules: list[AccessRuleEntry]
    openings: list[ProxiedAppOpening]
    """Logins at its hosts, newest first."""
    allowed: int
    """Requests of the last day; they are counted up to a minute late."""
    refused: int
    counts: list[CountedRequests]
    """At most 100, the most frequent first."""


class ChangedProxiedApp(ProxiedAppDetails, frozen=True, kw_only=True):
    is_saved: bool
    """False for a preview."""
    effects: ChangeEffects
    """What the change does to the requests of the last day."""


def entry_of(db: Session, row: ProxiedApp, hosts: Sequence[str], last_opened_at: datetime | None) -> dict[str, Any]:
    owner = user_queries.by_id(db, row.owner_id) if row.owner_id else None
    return {
        "app_id": row.id,
        "slug": row.slug,
        "name": row.name,
        "icon": row.icon,
        "hosts": list(hosts),
        "roles": list(row.roles),
        "people": shown_names(db, row.people),
        "owner": owner.username if owner else None,
        "scope": scope_of(row.slug),
        "is_declared": row.is_declared,
        "created_at": row.created_at,
        "disabled_at": row.disabled_at,
        "last_opened_at": last_opened_at,
    }


def app_entries(db: Session) -> list[ProxiedAppEntry]:
    hosts, opened = app_queries.hosts_by_app(db), app_queries.last_opened_by_app(db)
    return [
        ProxiedAppEntry(**entry_of(db, row, hosts.get(row.id, ()), opened.get(row.id)))
        for row in lifecycle.list_apps(db)
    ]


def app_details(db: Session, row: ProxiedApp) -> ProxiedAppDetails:
    return ProxiedAppDetails(**details_of(db, row))


def changed_app(db: Session, row: ProxiedApp, effects: ChangeEffects, *, is_saved: bool = True) -> ChangedProxiedApp:
    return ChangedProxiedApp(**details_of(db, row), is_saved=is_saved, effects=effects)


def details_of(db: Session, row: ProxiedApp) -> dict[str, Any]:
    openings = [ProxiedAppOpening(*one) for one in app_queries.openings_of(db, row.id)]
    rules = [rule_entry(row, rule, number) for number, rule in enumerate(lifecycle.rules_of(db, row), 1)]
    last = openings[0].at if openings else None
    counts = count_store.last_day(db, row.id)
    allowed = sum(requests for one, requests in counts.items() if one.outcome == ALLOW)
    return entry_of(db, row, lifecycle.hosts_of(db, row), last) | {
        "rules": rules,
        "openings": openings,
        "allowed": allowed,
        "refused": sum(counts.values()) - allowed,
        "counts": counted_requests(db, dict(list(counts.items())[:MOST_COUNTS])),
    }


def counted_requests(db: Session, counts: Mapping[CountKey, int]) -> list[CountedRequests]:
    names = user_queries.names_of(db, {UUID(int=one.user) for one in counts if one.user})
    return [
        CountedRequests(
            method=one.method,
            path=one.path,
            username=names.get(UUID(int=one.user)) if one.user else None,
            credential=one.kind,
            rule=one.rule_number,
            outcome=one.outcome,
            requests=requests,
        )
        for one, requests in counts.items()
    ]


def rule_entry(row: ProxiedApp, rule: AccessRule, number: int) -> AccessRuleEntry:
    settings = lifecycle.rule_settings(rule)
    fields = {name: getattr(rule, name) for name in lifecycle.RULE_FIELDS}
    return AccessRuleEntry(
        rule_id=rule.id,
        number=number,
        where=where(settings),
        sentences=rule_sentences(settings, scope_of(row.slug)),
        **fields,
    )
