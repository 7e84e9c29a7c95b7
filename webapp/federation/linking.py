"""Which account an identity of a provider belongs to, and links between them."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from webapp.accounts import user_queries
from webapp.accounts.export import ExportedIdentity
from webapp.accounts.models import User
from webapp.accounts.service_rules import require_login
from webapp.audit.log import Event, record
from webapp.core.clock import now
from webapp.federation import role_rules, unlinked_identities
from webapp.federation.email_domains import is_same_mailbox, is_within, verified_email
from webapp.federation.models import LinkedIdentity, LoginProvider
from webapp.federation.provider_identity import ProviderIdentity
from webapp.mfa import factors

MAX_IDENTITIES = 20


class TooManyIdentities(Exception):
    """The account has ``MAX_IDENTITIES`` identities."""


class LinkedElsewhere(Exception):
    """The identity is linked to another account."""


@dataclass(frozen=True, slots=True)
class IdentityOwner:
    """The account of an identity."""

    user: User
    link: LinkedIdentity
    is_new_link: bool = False
    """Whether it was linked just now, by its e-mail address."""


def owner_of(db: Session, provider: LoginProvider, identity: ProviderIdentity) -> IdentityOwner | None:
    """The account of an identity, linked by its e-mail address if that is safe; None if the user has to decide."""
    if (found := linked_owner(db, provider, identity)) is not None:
        return found
    user = linkable_by_email(db, provider, identity)
    if user is None:
        # Once more: another login may have linked it while this one waited for the account.
        return linked_owner(db, provider, identity)
    try:
        return IdentityOwner(user, create(db, provider, identity, user, way="email"), is_new_link=True)
    except LinkedElsewhere:
        return linked_owner(db, provider, identity)


def linkable_by_email(db: Session, provider: LoginProvider, identity: ProviderIdentity) -> User | None:
    """The account of ``by_email``, unless its user has to log in here first to link the identity."""
    user = by_email(db, provider, identity)
    # An e-mail address is one factor: users with two factors here link it after a login with both.
    if user is None or factors.of(db, user.id).has_second:
        return None
    return None if unlinked_identities.was_unlinked(db, user.id, identity.issuer, identity.subject) else user


def linked_owner(db: Session, provider: LoginProvider, identity: ProviderIdentity) -> IdentityOwner | None:
    link = find(db, provider, identity)
    user = user_queries.by_id(db, link.user_id) if link is not None else None
    return IdentityOwner(user, link) if link is not None and user is not None else None


def find(db: Session, provider: LoginProvider, identity: ProviderIdentity) -> LinkedIdentity | None:
    """The link of an identity. The subject alone says nothing: another issuer may use the same.

    Nor is a link of another provider with the same issuer one: it may be trusted with other things.
    """
    matches = LinkedIdentity.issuer == identity.issuer, LinkedIdentity.subject == identity.subject
    return db.scalar(select(LinkedIdentity).where(*matches, LinkedIdentity.provider_id == provider.id))


def by_email(db: Session, provider: LoginProvider, identity: ProviderIdentity) -> User | None:
    """The account with the e-mail address of an identity, if nobody else can have either of them.

    The provider has verified the e-mail address and is authoritative for its domain, and the owner of the account has
    verified it here. Otherwise anybody able to enter it at one of the two would get the account at the other.
    """
    email = verified_email(identity)
    if email is None or not is_within(email, provider.email_domains):
        return None
    user = user_queries.by_name_or_email(db, email)
    if user is None or user.email is None or not is_same_mailbox(user.email, email):
        return None
    if user.email_verified_at is None or user.is_unverified or user.is_service:
        return None
    # Locked, because another login may be linking its identity to the same account.
    db.refresh(user, with_for_update=True)
    # With one identity of this provider linked, another with the same e-mail address may be somebody else.
    linked = select(LinkedIdentity.id).where(
        LinkedIdentity.user_id == user.id, LinkedIdentity.provider_id == provider.id
    )
    return user if db.scalar(linked.limit(1)) is None and len(of_user(db, user.id)) < MAX_IDENTITIES else None


def create(db: Session, provider: LoginProvider, identity: ProviderIdentity, user: User, *, way: str) -> LinkedIdentity:
    """Link an identity to an account.

    Args:
        way: how the user proved that both are theirs: ``email``, ``account`` (a login here), or ``new``.

    Raises:
        LinkedElsewhere: also if it is linked to this account already.
        TooManyIdentities
        ServiceAccountCannotLogIn: it is a service account.
    """
    require_login(user)
    if len(of_user(db, user.id)) >= MAX_IDENTITIES:
        raise TooManyIdentities
    link = LinkedIdentity(
        issuer=identity.issuer,
        subject=identity.subject,
        user_id=user.id,
        provider_id=provider.id,
        shown_as=identity.shown_as,
        created_at=now(),
    )
    try:
        with db.begin_nested():
            db.add(link)
    except IntegrityError as error:
        raise LinkedElsewhere from error
    unlinked_identities.forget(db, user.id, identity.issuer, identity.subject)
    record(db, Event.PROVIDER_LINKED, user_id=user.id, provider=provider.name, shown_as=identity.shown_as, way=way)
    return link


def note_login(link: LinkedIdentity, identity: ProviderIdentity) -> None:
    link.last_login_at, link.shown_as = now(), identity.shown_as


def of_user(db: Session, user_id: UUID) -> Sequence[LinkedIdentity]:
    """The identities of a user, the oldest first."""
    query = select(LinkedIdentity).where(LinkedIdentity.user_id == user_id)
    return db.scalars(query.order_by(LinkedIdentity.created_at, LinkedIdentity.id)).all()


def remove(
    db: Session,
    link: LinkedIdentity,
    provider: LoginProvider,
    *,
    actor_id: UUID | None = None,
    reason: str | None = None,
) -> None:
    """Remove a link, and take back the role that a rule gave by it. The e-mail address does not link it again.

    Args:
        actor_id: the administrator who does it.
        reason: what the administrator said.
    """
    role_rules.take_back(db, link, provider)
    unlinked_identities.record_unlinked(db, link.user_id, link.issuer, link.subject)
    db.execute(delete(LinkedIdentity).where(LinkedIdentity.id == link.id))
    record(
        db,
        Event.PROVIDER_UNLINKED,
        user_id=link.user_id,
        actor_id=actor_id,
        reason=reason,
        provider=provider.name,
        shown_as=link.shown_as,
    )


def exported(db: Session, user_id: UUID) -> list[ExportedIdentity]:
    """The identities of a user, for the export of their data."""
    query = select(LinkedIdentity, LoginProvider.name).join(LoginProvider)
    rows = db.execute(query.where(LinkedIdentity.user_id == user_id).order_by(LinkedIdentity.created_at))
    return [
        ExportedIdentity(name, link.issuer, link.subject, link.shown_as, link.created_at, link.last_login_at)
        for link, name in rows
    ]
