"""outcome_of(): what a login with certain claims would do here. It changes nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy.orm import Session

from webapp.accounts import user_queries
from webapp.accounts.models import User
from webapp.accounts.provider_roles import ORDINARY
from webapp.core.humanize import humanize
from webapp.core.translation import _
from webapp.federation import linking, new_accounts
from webapp.federation.checks import LoginFailed
from webapp.federation.claim_names import named_identity
from webapp.federation.models import LinkedIdentity, LoginProvider
from webapp.federation.provider_assurance import AMR, amr_of
from webapp.federation.provider_identity import ProviderIdentity, identity_of
from webapp.federation.role_rules import links_with_role, role_for
from webapp.verify import Invalid, load

LARGEST = 16 * 1024
"""Bytes of a pasted claim set."""
ANYBODY = "nobody"
"""``sub`` of a pasted claim set that has none."""


class InvalidPastedClaims(Exception):
    """The text is no claim set; the message says why."""


class AccountOutcome(StrEnum):
    LINKED = "linked"
    BY_EMAIL = "by_email"
    UNFIT = "unfit"
    NEW = "new"
    INVITED = "invited"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginOutcome:
    account: AccountOutcome
    username: str | None
    """User name of the account; None where there is none yet."""
    rule_role: str | None
    """Role that the rules give; None without a rule that applies."""
    former_role: str | None
    """Role of the account before this login."""
    role: str | None
    """Role after this login; None where nobody would be logged in."""
    counts_as_two_factors: bool


def outcome_of(db: Session, provider: LoginProvider, identity: ProviderIdentity) -> LoginOutcome:
    link = linking.find(db, provider, identity)
    user = user_queries.by_id(db, link.user_id) if link is not None else None
    way = AccountOutcome.LINKED
    if user is None and (user := linking.linkable_by_email(db, provider, identity)) is not None:
        way = AccountOutcome.BY_EMAIL
    rule_role = role_for(provider, identity)
    if user is None:
        way = without_account(provider, identity)
        role = None if way is AccountOutcome.NONE else rule_role or ORDINARY
    else:
        role = role_after(db, provider, user, link, rule_role)
        way = AccountOutcome.UNFIT if user.disabled_at is not None or user.is_unverified else way
    return LoginOutcome(
        account=way,
        username=user.username if user is not None else None,
        rule_role=rule_role,
        former_role=user.role if user is not None else None,
        role=None if way is AccountOutcome.UNFIT else role,
        counts_as_two_factors=amr_of(provider, identity) != AMR,
    )


def without_account(provider: LoginProvider, identity: ProviderIdentity) -> AccountOutcome:
    if new_accounts.may_have_account(provider, identity, is_invited=False):
        return AccountOutcome.NEW
    may_be_invited = new_accounts.may_have_account(provider, identity, is_invited=True)
    return AccountOutcome.INVITED if may_be_invited else AccountOutcome.NONE


def role_after(
    db: Session, provider: LoginProvider, user: User, link: LinkedIdentity | None, rule_role: str | None
) -> str:
    """The role of a user after the login, as ``role_rules.apply`` would set it."""
    if not provider.role_rules and (link is None or link.given_role is None):
        return user.role
    is_of_rules = user.role in {ORDINARY, *(one.given_role for one in links_with_role(db, user))}
    return (rule_role or ORDINARY) if is_of_rules else user.role


def pasted_identity(provider: LoginProvider, text: str) -> ProviderIdentity:
    """The identity of a claim set as JSON, as an ID token or userinfo has it.

    Raises:
        InvalidPastedClaims
    """
    if len(text.encode()) > LARGEST:
        raise InvalidPastedClaims(_("The claims can have at most 16 kB."))
    try:
        claims: Mapping[str, Any] = load(text.encode())
    except (Invalid, RecursionError) as error:
        raise InvalidPastedClaims(_('Enter a JSON object, such as {"sub": "1", "groups": ["editors"]}.')) from error
    if provider.kind != "oidc":
        return named_pasted(provider, claims)
    subject = claims.get("sub", ANYBODY)
    if not isinstance(subject, str) or not subject.strip():
        raise InvalidPastedClaims(_("sub must be a non-empty string."))
    return identity_of(provider.issuer, {**claims, "sub": subject})


def named_pasted(provider: LoginProvider, claims: Mapping[str, Any]) -> ProviderIdentity:
    """The identity of a user as a provider without OpenID Connect describes one."""
    try:
        return named_identity(provider.issuer, claims, provider.claim_names)
    except LoginFailed as error:
        name = provider.claim_names.get("sub", "sub")
        raise InvalidPastedClaims(_("%(name)s is missing or does not identify anybody.", name=name)) from error


def account_in_words(outcome: LoginOutcome, provider: LoginProvider) -> str:
    name = outcome.username or ""
    match outcome.account:
        case AccountOutcome.LINKED:
            return _("It is linked to the account %(username)s.", username=name)
        case AccountOutcome.BY_EMAIL:
            return _(
                "It would be linked to the account %(username)s by its e-mail address, verified by %(provider)s.",
                username=name,
                provider=provider.name,
            )
        case AccountOutcome.UNFIT:
            return _("It belongs to the account %(username)s, which cannot log in now.", username=name)
        case AccountOutcome.NEW:
            return _("It has no account here. The user could create one, or log in to one that exists and link it.")
        case AccountOutcome.INVITED:
            return _(
                "It has no account here. The user needs an invitation, or logs in to one that exists and links it."
            )
    return _("This login has no account here and would get none. The user can log in to one that exists and link it.")


def role_in_words(outcome: LoginOutcome) -> str:
    role, rule_role = humanize(outcome.role or ""), humanize(outcome.rule_role or "")
    if outcome.role is None and outcome.rule_role is None:
        return _("No rule applies.")
    if outcome.role is None:
        return _("None now, as nobody would be logged in. The rules give %(role)s.", role=rule_role)
    if outcome.rule_role is None:
        if outcome.former_role not in (None, outcome.role):
            return _("%(role)s. The rule that gave another role no longer applies.", role=role)
        return _("%(role)s. No rule applies.", role=role)
    if outcome.rule_role != outcome.role:
        return _("%(role)s, which an administrator gave. The rules would give %(other)s.", role=role, other=rule_role)
    return _("%(role)s, by a rule.", role=role)
