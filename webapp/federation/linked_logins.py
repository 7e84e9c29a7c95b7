"""Linked identities for other packages, and how many users would be locked out without a provider."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from webapp.accounts import password_login_policy, user_queries
from webapp.accounts.linked_logins import LinkableProvider, LinkedLogin, LinkedLogins
from webapp.accounts.password_login_policy import PasswordLoginPolicy
from webapp.federation import linking, providers
from webapp.federation.linking import LinkedElsewhere, TooManyIdentities
from webapp.federation.models import LinkedIdentity, LoginProvider
from webapp.federation.provider_identity import ProviderIdentity


def of_user(db: Session, user_id: UUID) -> list[LinkedLogin]:
    query = select(LinkedIdentity, LoginProvider).join(LoginProvider).where(LinkedIdentity.user_id == user_id)
    rows = db.execute(query.order_by(LinkedIdentity.created_at, LinkedIdentity.id))
    return [
        LinkedLogin(
            id=link.id,
            provider=provider.name,
            shown_as=link.shown_as,
            works=provider.disabled_at is None,
            created_at=link.created_at,
            last_login_at=link.last_login_at,
        )
        for link, provider in rows
    ]


def linkable(db: Session) -> list[LinkableProvider]:
    return [LinkableProvider(row.slug, row.name) for row in providers.enabled(db)]


def remove_since(db: Session, user_id: UUID, since: datetime) -> int:
    """Remove identities that were linked at or after a moment, perhaps by an attacker."""
    found = [link for link in linking.of_user(db, user_id) if link.created_at >= since]
    for link in found:
        linking.remove(db, link, db.get_one(LoginProvider, link.provider_id))
    return len(found)


def to_restore(link: LinkedIdentity) -> dict[str, str]:
    """The facts from which ``restore`` links an unlinked identity again."""
    return {
        "provider_id": str(link.provider_id),
        "issuer": link.issuer,
        "subject": link.subject,
        "linked_as": link.shown_as,
        # Empty if it was taken back: then the next login gives it again.
        "given_role": link.given_role or "",
    }


def restore(db: Session, user_id: UUID, facts: Mapping[str, str]) -> None:
    """Link an identity again that somebody else unlinked; not if another account has it by now."""
    provider, user = providers.by_id(db, UUID(facts["provider_id"])), user_queries.by_id(db, user_id)
    if provider is None or user is None:
        return
    identity = ProviderIdentity(facts["issuer"], facts["subject"], name=facts["linked_as"])
    with suppress(LinkedElsewhere, TooManyIdentities):
        link = linking.create(db, provider, identity, user, way="restored")
        rule_role = facts.get("given_role") or None
        link.given_role = rule_role if rule_role == user.role else None


def only_ways_in(db: Session, provider_id: UUID, passwords: PasswordLoginPolicy) -> int:
    """How many users would be locked out if a provider were disabled or removed: they have no other way to log in."""
    other = aliased(LinkedIdentity)
    others = (
        select(other.id)
        .join(LoginProvider, LoginProvider.id == other.provider_id)
        .where(other.user_id == LinkedIdentity.user_id, other.provider_id != provider_id)
        .where(LoginProvider.disabled_at.is_(None))
    )
    without = select(LinkedIdentity.user_id).where(LinkedIdentity.provider_id == provider_id, ~others.exists())
    return password_login_policy.count_locked_out(db, without, passwords)


LINKED_LOGINS = LinkedLogins(of_user=of_user, providers=linkable, remove_since=remove_since, restore=restore)
