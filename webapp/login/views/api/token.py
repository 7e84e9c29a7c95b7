"""/api/auth: log a script in with name and password, and issue an access token."""

from datetime import timedelta
from uuid import UUID

from flask import current_app, request
from flask.typing import ResponseReturnValue

from webapp.accounts import known_networks, notices
from webapp.accounts.models import User
from webapp.accounts.notices import RequestOrigin
from webapp.accounts.roles import included_in
from webapp.accounts.views.password_refusals import refuse_without_passwords
from webapp.core.client_product import client_name
from webapp.core.clock import now
from webapp.core.translation import _
from webapp.credentials.lifecycle import AuthenticationProof
from webapp.guard.assurance import Demands, Level, level_of
from webapp.guard.form_token import require_sole_credential
from webapp.guard.require import public_to_scripts
from webapp.guard.token_grant import TokenGrant
from webapp.login.client_familiarity import LoginClient
from webapp.login.flow import AMR, Attempt, LoginFlow, PasswordAccepted, Throttled, Unverified
from webapp.login.refresh_grant import GrantedTokens, random_name
from webapp.login.second_step import SecondFactorRequired
from webapp.login.views.api.blueprint import (
    AccessToken,
    bp,
    catalogue,
    form_problem,
    issuer,
    token_cookie_response,
    token_response,
)
from webapp.login.views.api.forms import CredentialsForm
from webapp.login.views.blueprint import second_step, unchanged
from webapp.login.views.login_errors import (
    closed,
    code_invalid,
    credentials_invalid,
    mfa_required,
    throttled,
    unverified,
)
from webapp.login.views.proof_forms import by_code
from webapp.mail.mailer import Mailer
from webapp.mfa.factors import Factors
from webapp.tokens import refresh_families, script_logins
from webapp.tokens.issuing import TokenRequest
from webapp.tokens.refresh_families import FamilyTerms, RefreshLifetimes, ScriptClient
from webapp.tokens.scopes import READ, ScopeNotHeld
from webapp.web import csrf, dpop
from webapp.web.api_schema import responds
from webapp.web.form import errors_of
from webapp.web.registry import service
from webapp.web.transaction import db


@bp.post("/api/auth")
@public_to_scripts
@responds(AccessToken, form=CredentialsForm, refuses=(401, 403, 429))
def create() -> ResponseReturnValue:
    """Exchange name and password for an access token. No cookie is read, and none is set unless `cookie` is true.

    With a DPoP proof in the header `DPoP` (RFC 9449), the token is bound to the key of that proof.
    """
    refuse_without_passwords()
    form = CredentialsForm()
    if not form.validate_on_submit():
        raise form_problem(errors_of(form))
    require_sole_credential(form.password.data or "")
    proof = dpop.presented_proof()
    if form.cookie.data:
        refuse_cookie(is_bound=proof is not None)
    flow = service(LoginFlow)
    identifier = form.username.data or form.email.data or ""
    # No cookie is read, so only the network of a script can be known.
    outcome = flow.begin(Attempt(identifier, form.password.data or "", LoginClient(request.remote_addr)))
    if isinstance(outcome, Throttled):
        raise throttled(outcome.retry_after)
    if isinstance(outcome, Unverified):
        raise unverified()
    if not isinstance(outcome, PasswordAccepted):
        raise credentials_invalid()
    jkt = dpop.spend(proof)
    amr = second_factor(outcome.user, form)
    account = unchanged(outcome.user)
    if account.closes_at is not None:
        raise closed(account.closes_at)
    return mint(account, form, jkt, amr)


def refuse_cookie(*, is_bound: bool) -> None:
    """Refuse tokens in cookies if they are not enabled, and for other sites: their users would act with this token."""
    if "cookie" not in current_app.config["TOKEN_LOCATIONS"]:
        raise form_problem(
            {"cookie": [_("This site does not put tokens in cookies: WEBAPP_TOKEN_LOCATIONS does not include cookie.")]}
        )
    if is_bound:
        raise form_problem({"cookie": [_("A token that is bound to a key must be sent in the header.")]})
    csrf.refuse_cross_site()


def second_factor(user: User, form: CredentialsForm) -> str:
    """Verify the second factor, if one is required.

    Returns:
        All methods with which the user has authenticated, as ``amr`` (RFC 8176).

    Raises:
        Problem: 401 if it is missing or wrong.
    """
    step = second_step().after(user)
    if not isinstance(step, SecondFactorRequired):
        if second_step().demanded(user) > Level.ONE:
            raise mfa_required(Factors())
        return AMR
    if not form.code.data:
        raise mfa_required(step.factors)
    proven = by_code(form.code, user, LoginClient(request.remote_addr))
    if proven is None:
        raise code_invalid()
    return f"{AMR} {proven.amr}"


def mint(user: User, form: CredentialsForm, jkt: str | None, amr: str) -> ResponseReturnValue:
    lifetime, longest = lifetime_of(form), current_app.config["TOKEN_LIFETIME_MAX"]
    if lifetime > longest:
        raise form_problem({"expires_in": [_("At most %(count)s seconds.", count=int(longest.total_seconds()))]})
    grant, proof = (
        TokenGrant(scopes=scopes_of(user, form.scope.data, amr), jkt=jkt),
        AuthenticationProof(now(), amr),
    )
    is_known = script_logins.is_known(db(), user.id, caller())
    # A token in a cookie has no refresh token, because scripts of the page could read it.
    ends = RefreshLifetimes(idle=None, lifetime=lifetime) if form.cookie.data else script_ends()
    family = refresh_families.begin(db(), user.id, FamilyTerms(grant, lifetime, ends), caller(), proof)
    note_login(user, family.credential.id, is_known=is_known)
    token_request = TokenRequest(
        name=random_name(), grant=grant, lifetime=lifetime, origin="api", family_id=family.credential.id
    )
    issued = issuer().issue(db(), user.id, token_request, proof)
    if family.secret is None:
        return token_cookie_response(issued)
    return token_response(GrantedTokens(issued, family.secret, family.credential.ends_at))


def note_login(account: User, family_id: UUID, *, is_known: bool) -> None:
    """Record the login, and mail the user if the script or its network is new."""
    is_first, account.last_login_at = account.last_login_at is None, now()
    known_networks.remember(db(), account.id, request.remote_addr)
    if not is_first and not is_known:
        circumstances = RequestOrigin(now(), request.remote_addr, client_name(caller().user_agent))
        notices.new_script_login(db(), service(Mailer), account, circumstances, credential_id=family_id)


def caller() -> ScriptClient:
    return ScriptClient(request.headers.get("User-Agent", ""), request.remote_addr)


def script_ends() -> RefreshLifetimes:
    return service(RefreshLifetimes)


def lifetime_of(form: CredentialsForm) -> timedelta:
    usual: timedelta = current_app.config["ACCESS_TOKEN_LIFETIME"]
    try:
        return timedelta(seconds=form.expires_in.data) if form.expires_in.data else usual
    except OverflowError:
        return timedelta.max


def is_granted_by_default(scope: str) -> bool:
    """Whether a login without ``scope`` gets it: nothing that changes, no app, and nothing about others or tokens."""
    resource, _colon, verb = scope.partition(":")
    return verb == READ and resource not in ("admin", "tokens", "app")


def scopes_of(user: User, requested: str | None, amr: str) -> frozenset[str]:
    """The requested scopes; by default reading resources and the own profile, as far as the login satisfies them."""
    roles, demands, user_catalogue = included_in(db(), user.role), service(Demands), catalogue().for_user(db(), user.id)
    held_scopes = [name for name in user_catalogue.held_by(roles) if is_granted_by_default(name)]
    names = (requested or "").split() or [
        n for n in held_scopes if user_catalogue.level_for([n], demands) <= level_of(amr)
    ]
    try:
        granted = user_catalogue.check(names, roles)
    except ScopeNotHeld as error:
        raise form_problem(
            {"scope": [_("You don't have these scopes: %(scopes)s.", scopes=error)]}, error="invalid_scope"
        ) from error
    if user_catalogue.level_for(granted, demands) > level_of(amr):
        raise mfa_required(second_step().factors_of(user))
    return granted
