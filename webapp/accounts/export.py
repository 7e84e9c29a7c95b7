"""export: everything that is stored about one user, for that user, without secrets (GDPR article 15)."""

from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.accounts.activity import ip_address_shown
from webapp.accounts.models import Invitation, Link, LoginNetwork, ServiceAccount, User
from webapp.audit import paging
from webapp.audit.log import Event, record
from webapp.audit.models import AuditEvent
from webapp.core.clock import now
from webapp.core.former_names import FormerNames, HasIpAddress, former_names_of, renamed
from webapp.credentials import export_data as credentials
from webapp.credentials.export_data import DayRecord, NetworkRecord, UseRecord
from webapp.credentials.lifecycle import TRUST
from webapp.mail import outbox
from webapp.mfa import export_data as factors
from webapp.mfa.export_data import FactorRecord
from webapp.sessions import export_data as sessions
from webapp.sessions.export_data import BrowserRecord
from webapp.tokens import export_data as tokens
from webapp.tokens.export_data import ScriptLoginRecord, TokenRecord

MAX_EVENTS = 100_000
FIELDS = (
    "id",
    "username",
    "email",
    "email_verified_at",
    "verification_required_at",
    "display_name",
    "is_service",
    "known_elsewhere_as",
    "provider_role",
    "role",
    "language",
    "time_zone",
    "theme",
    "unwanted_mails",
    "failed_logins",
    "created_at",
    "password_changed_at",
    "last_login_at",
    "disabled_at",
    "unlocked_at",
    "closes_at",
)


class ExportedEvent(HasIpAddress, frozen=True):
    at: datetime
    event: str
    credential_id: UUID | None
    details: dict[str, Any]


class ExportedMail(msgspec.Struct, frozen=True):
    kind: str
    to: str
    created_at: datetime
    sent_at: datetime | None
    state: str


@renamed(address="email")
class ExportedLink(FormerNames, frozen=True):
    """A mailed link; its URL is only in the mail."""

    purpose: str
    email: str | None
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None
    address: str | None = None
    """Former name of `email`."""


class ExportedInvitation(msgspec.Struct, frozen=True):
    """An invitation that the caller created."""

    email: str | None
    role: str
    note: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    most_uses: int
    uses: int


class ExportedLoginNetwork(msgspec.Struct, frozen=True):
    """A network that the caller has logged in from. Wrong passwords from there have a limit of their own."""

    network: str
    last_login_at: datetime


class ExportedServiceAccount(msgspec.Struct, frozen=True):
    """A service account that belongs to the caller."""

    username: str
    role: str
    purpose: str


class ExportedApp(msgspec.Struct, frozen=True):
    """An app that the caller has given access; its logins are among ``script_logins``."""

    client_id: UUID
    name: str
    scopes: list[str]
    resources: list[str]
    """Other services for which it may get access tokens."""
    given_at: datetime


class ExportedIdentity(msgspec.Struct, frozen=True):
    """An account at an identity provider that the caller can log in with."""

    provider: str
    issuer: str
    subject: str
    shown_as: str
    """E-mail address or name at the provider."""
    created_at: datetime
    last_login_at: datetime | None


class IdentitiesOf(Protocol):
    """Hook: the accounts at identity providers that a user can log in with."""

    def __call__(self, db: Session, user_id: UUID, /) -> list[ExportedIdentity]: ...


class AppsOf(Protocol):
    """Hook: the apps that a user has given access."""

    def __call__(self, db: Session, user_id: UUID, /) -> list[ExportedApp]: ...


class Export(msgspec.Struct, frozen=True, kw_only=True):
    """All data of the caller."""

    exported_at: datetime
    account: dict[str, Any]
    factors: FactorRecord
    sessions: list[BrowserRecord]
    trusted: list[BrowserRecord]
    """Browsers in which no second factor is needed."""
    tokens: list[TokenRecord]
    script_logins: list[ScriptLoginRecord]
    requests: list[DayRecord]
    """Number of requests per day, by session and token."""
    uses: list[UseRecord]
    """Requested routes, by session and token."""
    networks: list[NetworkRecord]
    """Networks, by token."""
    login_networks: list[ExportedLoginNetwork]
    """Networks that the caller has logged in from since the last change of the password."""
    invitations: list[ExportedInvitation]
    service_accounts: list[ExportedServiceAccount]
    apps: list[ExportedApp]
    identities: list[ExportedIdentity]
    links: list[ExportedLink]
    events: list[ExportedEvent]
    mails: list[ExportedMail]


def export(db: Session, user: User, apps_of: AppsOf, identities_of: IdentitiesOf) -> Export:
    """Collect the data of a user."""
    record(db, Event.DATA_EXPORTED, user_id=user.id)
    db.flush()
    return Export(
        exported_at=now(),
        account={name: getattr(user, name) for name in FIELDS},
        factors=factors.of_user(db, user.id),
        sessions=sessions.of_user(db, user.id, "session"),
        trusted=sessions.of_user(db, user.id, TRUST),
        tokens=tokens.tokens_of(db, user.id),
        script_logins=tokens.script_logins_of(db, user.id),
        requests=credentials.days_of(db, user.id),
        uses=credentials.uses_of(db, user.id),
        networks=credentials.networks_of(db, user.id),
        login_networks=login_networks_of(db, user.id),
        invitations=invitations_of(db, user.id),
        service_accounts=service_accounts_of(db, user.id),
        apps=apps_of(db, user.id),
        identities=identities_of(db, user.id),
        links=links_of(db, user.id),
        events=[exported(event) for event in paging.event_page(db, user.id, size=MAX_EVENTS)],
        mails=[ExportedMail(m.kind, m.to, m.created_at, m.sent_at, m.state) for m in outbox.of_user(db, user.id)],
    )


def exported(event: AuditEvent) -> ExportedEvent:
    return ExportedEvent(event.at, event.event, event.credential_id, event.details, ip_address=ip_address_shown(event))


def login_networks_of(db: Session, user_id: UUID) -> list[ExportedLoginNetwork]:
    rows = db.scalars(select(LoginNetwork).where(LoginNetwork.user_id == user_id).order_by(LoginNetwork.last_login_at))
    return [ExportedLoginNetwork(row.network, row.last_login_at) for row in rows]


def invitations_of(db: Session, user_id: UUID) -> list[ExportedInvitation]:
    names = ExportedInvitation.__struct_fields__
    rows = db.scalars(select(Invitation).where(Invitation.created_by == user_id).order_by(Invitation.created_at))
    return [ExportedInvitation(**{name: getattr(row, name) for name in names}) for row in rows]


def service_accounts_of(db: Session, user_id: UUID) -> list[ExportedServiceAccount]:
    owned = select(User.username, User.role, ServiceAccount.purpose).join(
        ServiceAccount, ServiceAccount.user_id == User.id
    )
    rows = db.execute(owned.where(ServiceAccount.owner_id == user_id).order_by(User.username_key))
    return [ExportedServiceAccount(*row) for row in rows]


def links_of(db: Session, user_id: UUID) -> list[ExportedLink]:
    names = set(ExportedLink.__struct_fields__) - former_names_of(ExportedLink).keys()
    rows = db.scalars(select(Link).where(Link.user_id == user_id).order_by(Link.created_at))
    return [ExportedLink(**{name: getattr(row, name) for name in names}) for row in rows]
