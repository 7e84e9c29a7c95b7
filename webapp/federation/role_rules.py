"""Roles by the claims of a provider: given at a login, and taken away when the claim is gone."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.accounts import provider_roles, user_queries
from webapp.accounts.models import User
from webapp.federation.models import LinkedIdentity, LoginProvider
from webapp.federation.provider_identity import ProviderIdentity, values_of


def role_by(rules: Sequence[Mapping[str, str]], allowed: Sequence[str], claims: Mapping[str, Any]) -> str | None:
    """The role of the first rule that applies and whose role may be given; None without one."""
    found = (
        rule["role"] for rule in rules if rule["role"] in allowed and rule["value"] in values_of(claims, rule["claim"])
    )
    return next(found, None)


def role_for(provider: LoginProvider, identity: ProviderIdentity) -> str | None:
    """The role that the rules of a provider give. The e-mail address is the verified one: others prove nothing."""
    return role_by(provider.role_rules, provider.grantable_roles, claims_for_rules(provider, identity))


def claims_for_rules(provider: LoginProvider, identity: ProviderIdentity) -> Mapping[str, Any]:
    email = [identity.email] if identity.email_verified and identity.email else []
    return {**identity.claims, **dict.fromkeys(("email", provider.claim_names.get("email") or "email"), email)}


def claims_of_rules(provider: LoginProvider, identity: ProviderIdentity) -> dict[str, list[str]]:
    """The claims that rules refer to, by their path, with only the values that a rule has."""
    found: dict[str, list[str]] = {rule["claim"]: [] for rule in provider.role_rules}
    for claim, values in found.items():
        rule_values = {rule["value"] for rule in provider.role_rules if rule["claim"] == claim}
        values += sorted(rule_values.intersection(values_of(identity.claims, claim)))
    return found


def apply(db: Session, provider: LoginProvider, identity: ProviderIdentity, user: User, link: LinkedIdentity) -> None:
    """Give a user the role of the rules, or take away the one that they gave before; see ``provider_roles.apply_role``.

    What another identity of the user gave counts as given by rules too: the last login decides. A provider without
    rules says nothing about roles.
    """
    if not provider.role_rules and link.given_role is None:
        return
    others = [other for other in links_with_role(db, user) if other.id != link.id]
    rule_role = user.role if user.role in {other.given_role for other in others} else link.given_role
    new_role = role_for(provider, identity)
    link.given_role = provider_roles.apply_role(db, user, new_role, rule_role, provider=provider.name)
    for other in others:
        if other.given_role != user.role:
            other.given_role = None


def links_with_role(db: Session, user: User) -> Sequence[LinkedIdentity]:
    """The identities of a user by which a rule gave a role."""
    of_user = LinkedIdentity.user_id == user.id, LinkedIdentity.given_role.is_not(None)
    return db.scalars(select(LinkedIdentity).where(*of_user)).all()


def take_back(db: Session, link: LinkedIdentity, provider: LoginProvider) -> bool:
    """Take away the role that a rule gave by a link that ends, which no login would do any more.

    It stays if another identity of the user gave it as well, or if an administrator has given another one.

    Returns:
        Whether a role was taken away.
    """
    user = user_queries.by_id(db, link.user_id) if link.given_role else None
    if user is None or user.role != link.given_role:
        return False
    if any(other.given_role == user.role for other in links_with_role(db, user) if other.id != link.id):
        link.given_role = None
        return False
    former = user.role
    link.given_role = provider_roles.apply_role(db, user, None, former, provider=provider.name)
    return user.role != former
