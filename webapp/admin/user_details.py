"""Users as admin pages and API show them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy.orm import Session

from webapp.accounts import admin_actions, lockout, roles, service_queries, user_queries
from webapp.accounts.linked_logins import LinkedLogin
from webapp.accounts.models import User
from webapp.accounts.service_details import ServiceDetails, ServiceSummary
from webapp.accounts.service_details import details as service_details
from webapp.accounts.service_details import summaries as service_summaries
from webapp.admin.audit_entries import AuditEntry, audit_entries
from webapp.audit import event_queries
from webapp.audit.event_queries import AuditFilter
from webapp.core.clock import now
from webapp.core.former_names import FormerNames, HasIpAddress, renamed
from webapp.credentials.live_counts import LiveCounts, live_counts
from webapp.federation import linked_logins
from webapp.forward_auth import app_logins
from webapp.guard.access_report import ReachableRoute
from webapp.mfa import factors, resets
from webapp.mfa.factors import Factors
from webapp.sessions import lifecycle as sessions
from webapp.sessions.app_logins import AppLogin
from webapp.sessions.user_agents import describe_user_agent
from webapp.tokens import script_logins
from webapp.tokens import token_list as token_lists
from webapp.tokens.script_logins import ScriptLogin
from webapp.tokens.token_list import Token

RECENT = 20
SHOWN_TOKENS = SHOWN_SERVICES = 50


class UserSummary(FormerNames, frozen=True, kw_only=True):
    """A user in the list."""

    id: UUID
    username: str
    email: str | None
    role: str
    state: str
    """`active`, `dormant` for 90 days, `never` logged in, `closed` by its owner, or `disabled` by an admin."""
    is_service: bool
    """Whether it is a service account, which nobody can log in with."""
    created_at: datetime
    last_login_at: datetime | None
    disabled_at: datetime | None
    factors: list[str]
    """Second factors, in words."""
    sessions: int
    script_logins: int
    """Each with its access and refresh tokens."""
    tokens: int
    """API tokens."""


class UserListing(msgspec.Struct, frozen=True):
    people: list[UserSummary]
    after: UUID | None
    """Send it as `after` to get the next page; null on the last page."""


class LiveLogin(HasIpAddress, frozen=True):
    """A live session."""

    id: UUID
    name: str
    started_at: datetime
    last_seen_at: datetime


@renamed(is_frozen="is_locked")
class UserDetails(UserSummary, frozen=True, kw_only=True):
    display_name: str | None
    is_verified: bool
    """Whether the e-mail address was verified with a mailed link or by an identity provider."""
    awaits_verification: bool
    """Whether the user registered but has not followed the first link, without which they cannot log in."""
    has_external_identity: bool
    """Whether an identity provider verifies the password."""
    closes_at: datetime | None
    """When the account is deleted, because its owner closed it."""
    roles: list[str]
    """All roles that the role includes, lowest first."""
    is_locked: bool
    """Whether the account is locked for unknown clients after too many wrong passwords in a row."""
    is_frozen: bool = False
    """Former name of `is_locked`."""
    may_act: bool
    """Whether the caller may change this user."""
    reach: list[ReachableRoute]
    """Routes that the role gives access to; empty while the account is disabled, closed or unverified."""
    identities: list[LinkedLogin]
    """Accounts at identity providers that the user can log in with."""
    session_list: list[LiveLogin]
    app_login_list: list[AppLogin]
    """Logins at apps behind the reverse proxy, the newest first."""
    script_login_list: list[ScriptLogin]
    token_list: list[Token]
    events: list[AuditEntry]
    service: ServiceDetails | None
    """Its owner and purpose, if it is a service account."""
    service_accounts: list[ServiceSummary]
    """Active service accounts that this person owns; they stop with the account, unless they are handed over. At most
    50."""
    factors_reset_at: datetime | None
    """When the second factors are removed, unless the user stops it."""


def state_of(user: User) -> str:
    if user.disabled_at is not None:
        return "disabled"
    if user.closes_at is not None:
        return "closed"
    if user.is_service:
        return "active"
    if user.last_login_at is None:
        return "never"
    return "dormant" if now() - user.last_login_at > user_queries.DORMANT else "active"


def summaries(db: Session, users: Sequence[User]) -> list[UserSummary]:
    ids = [user.id for user in users]
    counts, factors_by_user = live_counts(db, ids), factors.of_many(db, ids)
    return [summary(user, counts[user.id], factors_by_user.get(user.id, Factors())) for user in users]


def summary(user: User, live: LiveCounts, user_factors: Factors) -> UserSummary:
    return UserSummary(
        id=user.id,
        username=user.username,
        email=user.email,
        role=user.role,
        state=state_of(user),
        is_service=user.is_service,
        created_at=user.created_at,
        last_login_at=user.last_login_at,
        disabled_at=user.disabled_at,
        factors=user_factors.descriptions,
        **live.facts,
    )


def describe_user(db: Session, user: User, actor_roles: Sequence[str], reached: list[ReachableRoute]) -> UserDetails:
    closure, reset = roles.included_in(db, user.role), resets.pending_reset(db, user.id)
    events = event_queries.search(db, AuditFilter(user_id=user.id), limit=RECENT)
    return UserDetails(
        **msgspec.structs.asdict(summaries(db, [user])[0]),
        display_name=user.display_name,
        is_verified=user.email_verified_at is not None,
        awaits_verification=user.is_unverified,
        has_external_identity=user.has_external_identity,
        closes_at=user.closes_at,
        roles=list(closure),
        is_locked=lockout.is_locked(user),
        may_act=admin_actions.may_act_on(actor_roles, closure),
        reach=reached,
        identities=linked_logins.of_user(db, user.id),
        session_list=logins(db, user.id),
        app_login_list=list(app_logins.of_user(db, user.id)),
        script_login_list=script_logins.live(db, user.id),
        token_list=token_lists.token_page(db, user.id, is_live=True, size=SHOWN_TOKENS).tokens,
        events=audit_entries(db, events),
        service=service_details(db, found) if (found := service_queries.one(db, user.id)) else None,
        service_accounts=owned_services(db, user),
        factors_reset_at=reset.due_at if reset else None,
    )


def owned_services(db: Session, user: User) -> list[ServiceSummary]:
    return service_summaries(db, service_queries.of_owners(db, [user.id], limit=SHOWN_SERVICES))


def logins(db: Session, user_id: UUID) -> list[LiveLogin]:
    return [
        LiveLogin(
            id=credential.id,
            name=describe_user_agent(browser.user_agent),
            ip_address=credential.last_used_from or browser.ip_address,
            started_at=credential.created_at,
            last_seen_at=credential.last_used_at or credential.created_at,
        )
        for credential, browser in sessions.live(db, user_id)
    ]
