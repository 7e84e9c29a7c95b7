"""What the admin pages and responses show of an identity provider."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from flask import current_app
from sqlalchemy.orm import Session

from webapp.accounts.views.password_refusals import password_login
from webapp.federation import linked_logins, provider_errors, provider_use, providers
from webapp.federation.login_outcome import LoginOutcome, account_in_words, role_in_words
from webapp.federation.models import LoginProvider, ProviderError
from webapp.federation.provider_settings import NAMES
from webapp.federation.provider_use import ProviderUse


class IdentityProviderEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An identity provider that users can log in with."""

    provider_id: UUID
    slug: str
    """Its short name in URLs."""
    name: str
    kind: str
    """Protocol: `oidc`, `oauth2` or `oauth1`."""
    preset: str
    """Well-known provider that it was entered as; empty for none."""
    position: int
    """Order of the buttons on the login page; the lowest first."""
    issuer: str
    client_id: str
    has_secret: bool
    scopes: list[str]
    endpoints: dict[str, str]
    """URLs of a provider without discovery, by their name in RFC 8414."""
    claim_names: dict[str, str]
    """Names of claims at a provider without OpenID Connect, by their standard name."""
    client_auth_method: str
    email_domains: list[str]
    """Domains for whose e-mail addresses it is authoritative; `*` for all."""
    account_policy: str
    """Who gets an account at the first login: `open`, `domains`, `invited` or `closed`."""
    account_domains: list[str]
    role_rules: list[dict[str, str]]
    """Each with `claim`, `value` and `role`; the first that applies counts."""
    grantable_roles: list[str]
    trusted_acr: list[str]
    trusted_amr: list[str]
    logs_out: bool
    is_declared: bool
    """Whether `providers.toml` declares it, so that it is changed only there."""
    created_at: datetime
    disabled_at: datetime | None
    users: int
    """Number of users who can log in with it."""
    last_login_at: datetime | None
    last_error_at: datetime | None
    """When the last error of the last 30 days occurred."""


class IdentityProviderList(msgspec.Struct, frozen=True):
    providers: list[IdentityProviderEntry]


class ProviderErrorSeen(msgspec.Struct, frozen=True):
    """The last error of one kind."""

    kind: str
    sentence: str
    detail: str
    last_at: datetime
    times: int


class IdentityProviderDetails(IdentityProviderEntry, frozen=True, kw_only=True):
    redirect_uri: str
    """Redirect URI to register at the provider, exactly as it is."""
    logged_out_uri: str
    """The URL after a logout, to register there; empty if its protocol has none."""
    backchannel_logout_uri: str
    """URL for its logout tokens, to register there; empty if its protocol has none."""
    locked_out: int
    """Users who have no other way to log in."""
    with_given_role: int
    """Users whose role its rules gave."""
    errors: list[ProviderErrorSeen]


class ClaimsOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a login with these claims would do."""

    account: str
    """`linked`, `by_email`, `new`, `invited`, `none`, or `unfit` for an account that cannot log in."""
    account_sentence: str
    username: str | None
    rule_role: str | None
    """Role that the rules give."""
    role: str | None
    """Role of the account afterwards; null if nobody would be logged in."""
    role_sentence: str
    counts_as_two_factors: bool


def entry_of(row: LoginProvider, use: ProviderUse, errors: list[ProviderError]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in NAMES} | {
        "provider_id": row.id,
        "slug": row.slug,
        "kind": row.kind,
        "preset": row.preset,
        "has_secret": row.client_secret is not None,
        "is_declared": row.is_declared,
        "created_at": row.created_at,
        "disabled_at": row.disabled_at,
        "users": use.users,
        "last_login_at": use.last_login_at,
        "last_error_at": max((one.last_at for one in errors), default=None),
    }


def provider_entry(db: Session, row: LoginProvider) -> IdentityProviderEntry:
    errors = list(provider_errors.of_provider(db, row.id))
    return IdentityProviderEntry(**entry_of(row, provider_use.of_provider(db, row.id), errors))


def provider_entries(db: Session) -> list[IdentityProviderEntry]:
    uses, errors = provider_use.use_by_provider(db), provider_errors.by_provider(db)
    no_use = ProviderUse()
    return [
        IdentityProviderEntry(**entry_of(row, uses.get(row.id, no_use), errors.get(row.id, [])))
        for row in providers.list_providers(db)
    ]


def provider_details(db: Session, row: LoginProvider) -> IdentityProviderDetails:
    errors = list(provider_errors.of_provider(db, row.id))
    use, base_url = provider_use.of_provider(db, row.id), current_app.config["BASE_URL"]
    return IdentityProviderDetails(
        **entry_of(row, use, errors),
        redirect_uri=providers.redirect_uri(base_url, row.slug),
        logged_out_uri=providers.logged_out_uri(base_url, row.slug) if row.kind == "oidc" else "",
        backchannel_logout_uri=providers.backchannel_logout_uri(base_url, row.slug) if row.kind == "oidc" else "",
        locked_out=linked_logins.only_ways_in(db, row.id, password_login()),
        with_given_role=use.with_given_role,
        errors=[
            ProviderErrorSeen(one.kind, provider_errors.in_words(one), one.detail, one.last_at, one.times)
            for one in errors
        ],
    )


def claims_outcome(found: LoginOutcome, row: LoginProvider) -> ClaimsOutcome:
    return ClaimsOutcome(
        account=found.account.value,
        account_sentence=account_in_words(found, row),
        username=found.username,
        rule_role=found.rule_role,
        role=found.role,
        role_sentence=role_in_words(found),
        counts_as_two_factors=found.counts_as_two_factors,
    )
