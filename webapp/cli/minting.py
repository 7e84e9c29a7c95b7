"""What the command line may mint: judged as on the token page."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from webapp.accounts.models import User
from webapp.accounts.roles import included_in
from webapp.app import create_app
from webapp.cli.refusals import Refused
from webapp.credentials.lifecycle import Proof
from webapp.guard.assurance import Level, demands_of
from webapp.guard.authority import Authority
from webapp.kernel.dpop import KeyUnfit, thumbprint_in
from webapp.settings import Settings
from webapp.settings.kinds import write_duration
from webapp.tokens.lifecycle import Issuer, NameUnfit, Wish, checked_name
from webapp.tokens.scopes import Catalogue, ScopeNotHeld

# An operator proves nothing about the owner, so the token never counts as a fresh login.
PROVEN_BY_NOBODY = Proof(auth_time=datetime(1970, 1, 1, tzinfo=UTC), amr="cli")


def tools(settings: Settings) -> tuple[Issuer, Catalogue]:
    """Which scopes there are is only known of the house as a whole."""
    app = create_app(settings)
    return app.extensions["issuer"], app.extensions["catalogue"]


def wish(
    db: Session,
    settings: Settings,
    catalogue: Catalogue,
    owner: User,
    *,
    name: str,
    scopes: Sequence[str],
    lifetime: timedelta,
    key: str | None = None,
) -> Wish:
    """Raises ``Refused`` for what cannot be had."""
    longest = settings.token_lifetime_max
    if owner.disabled_at is not None:
        raise Refused(f"{owner.username} is disabled; enable them first.")
    if not timedelta() < lifetime <= longest:
        raise Refused(f"A token lives more than nothing and at most {write_duration(longest)} here.")
    roles = included_in(db, owner.role)
    try:
        granted = catalogue.check(scopes, roles)
    except ScopeNotHeld as error:
        held = ", ".join(catalogue.held_by(roles))
        raise Refused(f"{owner.username} cannot give {error}; there are: {held}.") from error
    demands = demands_of(settings.second_factor_for, settings.passkey_for)
    if (level := catalogue.level_for(granted, demands)) > Level.ONE:
        raise Refused(f"Such a token takes {level.in_words}, which only {owner.username} can show, on the token page.")
    try:
        name, jkt = checked_name(name), thumbprint_in(key) if key else None
    except (NameUnfit, KeyUnfit) as error:
        raise Refused(str(error)) from error
    return Wish(name=name, authority=Authority(scopes=granted, jkt=jkt), lifetime=lifetime, origin="cli")
