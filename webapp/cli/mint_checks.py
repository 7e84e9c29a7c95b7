"""Checks of ``token mint``: the same rules as on the token page."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import click
from sqlalchemy.orm import Session

from webapp.accounts.models import User
from webapp.accounts.roles import included_in
from webapp.app import close, create_app
from webapp.cli.durations import ENDLESS
from webapp.cli.errors import CommandRefused
from webapp.core.combining_marks import STACKED, is_stacked
from webapp.core.dpop import InvalidDpopKey, thumbprint_in
from webapp.credentials.lifecycle import AuthenticationProof
from webapp.guard.assurance import Level, demands_of
from webapp.guard.token_grant import TokenGrant
from webapp.settings import Settings
from webapp.settings.types import write_duration
from webapp.tokens.ip_restrictions import InvalidNetwork, networks_of
from webapp.tokens.issuing import (
    LONGEST_REASON,
    SHORTEST_REASON,
    TokenIssuer,
    TokenRequest,
)
from webapp.tokens.own_rotation import METHOD, RULE, SCOPE, excluding
from webapp.tokens.scopes import Catalogue, ScopeNotHeld
from webapp.tokens.token_names import InvalidTokenName, checked_name
from webapp.web.registry import services_of

# An operator proves nothing about the owner, so the token never counts as a fresh login.
PROVEN_BY_NOBODY = AuthenticationProof(auth_time=datetime(1970, 1, 1, tzinfo=UTC), amr="cli")


@contextmanager
def tools(settings: Settings) -> Iterator[tuple[TokenIssuer, Catalogue]]:
    """Issuer and scope catalogue. The scopes are known only once the whole application is built."""
    app = create_app(settings)
    try:
        yield services_of(app).get(TokenIssuer), services_of(app).get(Catalogue)
    finally:
        close(app)


@dataclass(frozen=True, slots=True, kw_only=True)
class MintOrder:
    """The options of ``token mint``, as they were given on the command line."""

    name: str
    scopes: Sequence[str]
    lifetime: timedelta
    """``ENDLESS`` for a token without an expiry."""
    reason: str | None = None
    note: str | None = None
    resources: Sequence[str] = ()
    methods: Sequence[str] = ()
    networks: Sequence[str] = ()
    per_minute: int | None = None
    key: str | None = None


def token_request(db: Session, settings: Settings, catalogue: Catalogue, owner: User, order: MintOrder) -> TokenRequest:
    """The token request that the options ask for.

    Raises:
        CommandRefused: the owner, their role or a setting does not allow it.
        click.UsageError: there is no such scope, or an option is misspelt, out of range or contradicts another.
    """
    if owner.disabled_at is not None:
        raise CommandRefused(f"{owner.username} is disabled. Enable them first.")
    if owner.closes_at is not None:
        raise CommandRefused(f"{owner.username} has closed this account. They can reopen it by logging in.")
    lifetime = checked_lifetime(settings, order)
    roles, catalogue = included_in(db, owner.role), catalogue.for_user(db, owner.id)
    try:
        granted = catalogue.check(order.scopes, roles)
    except ScopeNotHeld as error:
        raise scope_refusal(catalogue, owner, roles, error.names) from error
    demands = demands_of(settings.second_factor_for, settings.passkey_for)
    if (level := catalogue.level_for(granted, demands)) > Level.ONE:
        raise CommandRefused(
            f"This token requires {level.description}. Only {owner.username} can create it, on the token page."
        )
    if unreachable := catalogue.uncovered(order.resources, granted):
        raise click.UsageError(f"None of these scopes allows {unreachable[0]}.")
    try:
        name, grant = checked_name(order.name), bounded(granted, order)
    except (InvalidTokenName, InvalidDpopKey, InvalidNetwork) as error:
        raise click.UsageError(str(error)) from error
    if excluded := excluding(grant):
        needed = {"methods": f"--method {METHOD}", "resources": f"--resource {RULE}"}
        options = " and ".join(needed[name] for name in excluded)
        raise click.UsageError(f"To rotate itself, the token also needs {options}. Or leave out --scope {SCOPE}.")
    return TokenRequest(
        name=name,
        note=order.note,
        grant=grant,
        lifetime=lifetime,
        reason=order.reason if lifetime is None else None,
        origin="cli",
    )


def scope_refusal(
    catalogue: Catalogue, owner: User, roles: Sequence[str], refused: Sequence[str]
) -> click.ClickException:
    """The error for scopes that do not exist, or else for those that the owner may not give."""
    if unknown := [name for name in refused if name not in catalogue.scopes]:
        return click.UsageError(f"There is no scope {', '.join(unknown)}. Scopes: {', '.join(catalogue.scopes)}.")
    available = ", ".join(catalogue.held_by(roles))
    return CommandRefused(
        f"{owner.username} may not give the scope {', '.join(refused)}: it needs another role. Available: {available}."
    )


def checked_lifetime(settings: Settings, order: MintOrder) -> timedelta | None:
    """The lifetime; None for a token without an expiry."""
    longest = settings.token_lifetime_max
    if order.lifetime == ENDLESS:
        if not settings.token_never_expires:
            raise CommandRefused("Tokens must expire: WEBAPP_TOKEN_NEVER_EXPIRES is false.")
        if not SHORTEST_REASON <= len(order.reason or "") <= LONGEST_REASON:
            raise click.UsageError(
                f"A token without expiry needs --reason, with {SHORTEST_REASON} to {LONGEST_REASON} characters."
            )
        if is_stacked(order.reason or ""):
            raise click.BadParameter(STACKED, param_hint="--reason")
        return None
    if not timedelta() < order.lifetime <= longest:
        maximum = write_duration(longest)
        raise click.UsageError(f"The lifetime of a token must be more than zero and at most {maximum}.")
    return order.lifetime


def bounded(scopes: frozenset[str], order: MintOrder) -> TokenGrant:
    """The scopes and restrictions of a new token, from the options of the command.

    Raises:
        InvalidDpopKey, InvalidNetwork
    """
    bounds: dict[str, Any] = {
        "scopes": scopes,
        "resources": frozenset(order.resources),
        "methods": frozenset(order.methods),
        "networks": networks_of(order.networks),
        "per_minute": order.per_minute,
        "jkt": thumbprint_in(order.key) if order.key else None,
    }
    return TokenGrant(**{name: bound for name, bound in bounds.items() if bound})
