"""Roles by the claims of a provider: given at a login, and taken away when the claim is gone."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from webapp.accounts import given_roles
from webapp.accounts.models import User
from webapp.federation.models import LinkedIdentity, LoginProvider
from webapp.federation.upstream_identity import UpstreamIdentity, values_of


def role_by(rules: Sequence[Mapping[str, str]], allowed: Sequence[str], claims: Mapping[str, Any]) -> str | None:
    """The role of the first rule that applies and whose role may be given; None without one."""
    found = (
        rule["role"] for rule in rules if rule["role"] in allowed and rule["value"] in values_of(claims, rule["claim"])
    )
    return next(found, None)


def apply(db: Session, provider: LoginProvider, identity: UpstreamIdentity, user: User, link: LinkedIdentity) -> None:
    """Give a user the role of the rules, or take away the one that they gave before; see ``given_roles.follow``."""
    wanted = role_by(provider.role_rules, provider.grantable_roles, identity.claims)
    link.given_role = given_roles.follow(db, user, wanted, link.given_role, provider=provider.name)
