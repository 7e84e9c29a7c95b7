"""The same login for scripts, which answers with a token."""

from datetime import timedelta

import msgspec
from flask import current_app, request
from flask.typing import ResponseReturnValue

from webapp.accounts import browsing
from webapp.accounts.models import User
from webapp.accounts.roles import included_in
from webapp.credentials.lifecycle import Proof
from webapp.guard.authority import Authority
from webapp.guard.require import public_to_scripts
from webapp.kernel.clock import now
from webapp.kernel.digests import new_secret
from webapp.login.flow import AMR, Attempt, Done, Flow, Throttled, Unverified
from webapp.login.forms import CredentialsForm
from webapp.login.views.api.blueprint import bp, catalogue, issuer, unfit
from webapp.login.views.refusals import credentials_invalid, throttled, unverified
from webapp.tokens.lifecycle import Wish
from webapp.tokens.scopes import ScopeNotHeld
from webapp.web.contract import answers
from webapp.web.form import errors_of
from webapp.web.negotiation import as_json
from webapp.web.transaction import db


class AccessToken(msgspec.Struct, frozen=True):
    """RFC 6749 §5.1."""

    access_token: str
    token_type: str
    expires_in: int
    """Seconds."""
    scope: str


@bp.post("/api/auth")
@public_to_scripts
@answers(AccessToken, form=CredentialsForm, refuses=(401, 403, 429))
def create() -> ResponseReturnValue:
    """Exchange name and password for an access token; no cookie is read, none is set."""
    form = CredentialsForm()
    if not form.validate_on_submit():
        raise unfit(errors_of(form))
    flow: Flow = current_app.extensions["login"]
    identifier = form.username.data or form.email.data or ""
    outcome = flow.begin(Attempt(identifier, form.password.data or "", request.remote_addr, {}))
    if isinstance(outcome, Throttled):
        raise throttled(outcome.retry_after)
    if isinstance(outcome, Unverified):
        raise unverified()
    if not isinstance(outcome, Done) or not browsing.is_unchanged(db(), outcome.user):
        raise credentials_invalid()
    return mint(outcome.user, form)


def mint(user: User, form: CredentialsForm) -> ResponseReturnValue:
    lifetime, longest = lifetime_of(form), current_app.config["TOKEN_LIFETIME_MAX"]
    if lifetime > longest:
        raise unfit({"expires_in": [f"At most {int(longest.total_seconds())} seconds."]})
    wish = Wish(
        name=f"api-{new_secret(6)}",
        authority=Authority(scopes=scopes_of(user, form.scope.data)),
        lifetime=lifetime,
        origin="api",
    )
    issued = issuer().issue(db(), user.id, wish, Proof(now(), AMR))
    scope = " ".join(sorted(wish.authority.scopes))
    return as_json(AccessToken(issued.token, "Bearer", int(lifetime.total_seconds()), scope))


def lifetime_of(form: CredentialsForm) -> timedelta:
    usual: timedelta = current_app.config["API_TOKEN_LIFETIME"]
    try:
        return timedelta(seconds=form.expires_in.data) if form.expires_in.data else usual
    except OverflowError:
        return timedelta.max


def scopes_of(user: User, asked: str | None) -> frozenset[str]:
    roles = included_in(db(), user.role)
    names = (asked or "").split() or [name for name in catalogue().held_by(roles) if name.endswith(":read")]
    try:
        return catalogue().check(names, roles)
    except ScopeNotHeld as error:
        raise unfit({"scope": [f"Not yours to give: {error}."]}) from error
