"""/oauth/authorize: a user allows an app to log them in (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2)."""

from typing import Any
from urllib.parse import urlencode

from flask import make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy.orm import Session

from webapp.accounts import user_lookup
from webapp.core.id_token_keys import IdTokenKeys
from webapp.guard import Principal, public, require
from webapp.guard.require import public_to_scripts
from webapp.login.views.external_redirect import redirect_externally
from webapp.oauth import codes, consents, pushed_requests
from webapp.oauth.claim_descriptions import words_of
from webapp.oauth.claims import claims_of
from webapp.oauth.grants.token_service import may_use
from webapp.oauth.id_token_hint import HintInvalid, hinted_login
from webapp.oauth.policies import groups_of
from webapp.oauth.request_errors import RequestRefused
from webapp.oauth.request_rules import AuthorizationRequest, Destination, checked, require_pushed
from webapp.oauth.scopes import grantable, sentences
from webapp.oauth.subjects import subject_of
from webapp.oauth.views.app_access import no_access, unmet_demands
from webapp.oauth.views.blueprint import at_services, bp, issuer, token_service
from webapp.oauth.views.discovery import signing_algorithm
from webapp.oauth.views.error_notes import note_error, note_refusal
from webapp.oauth.views.parameters import as_pushed, form_as_query, outdated, parameters, pushed_request, trusted
from webapp.oauth.views.reauthentication import log_in_again, log_in_first
from webapp.web.known_fields import reads
from webapp.web.registry import service
from webapp.web.transaction import database, db


@bp.get("/oauth/authorize")
@public
@reads(others=True)
def authorize() -> ResponseReturnValue:
    """Log a user in to an app: returns to the app with a code, or with an error."""
    signing_algorithm()
    return answer(request.query_string.decode("ascii", "replace"))


@bp.post("/oauth/authorize")
@public_to_scripts
@reads(others=True)
def authorize_by_form() -> ResponseReturnValue:
    """The same request as a form (OpenID Connect Core §3.1.2.1). A form of another site brings no cookie."""
    return form_as_query("oauth.authorize")


@bp.post("/oauth/consent")
@require(session=True)
@reads(fields=("request", "decision"))
def consent(principal: Principal) -> ResponseReturnValue:
    """What the user decided on the consent page."""
    signing_algorithm()
    return answer(request.form.get("request", ""), principal, decision=request.form.get("decision", ""))


@bp.get("/oauth/consent")
@public
def consent_form() -> ResponseReturnValue:
    """Where Reload and Back lead after the consent page: the request itself is not repeated."""
    return redirect(url_for("oauth.index"), 303)


def answer(query: str, principal: Principal | None = None, *, decision: str | None = None) -> ResponseReturnValue:
    """The response to an authorization request.

    Args:
        query: the request, as a query string.
        decision: ``allow`` or another word; None before the user was asked.
    """
    query_parameters = parameters(query)
    pushed = pushed_request(query_parameters)
    request_parameters = as_pushed(pushed, query_parameters) if pushed else query_parameters
    with database().read() as reading:
        destination = trusted(reading, request_parameters)
        try:
            require_pushed(destination, pushed)
            auth_request = checked(destination, request_parameters, own=issuer(), pushed=pushed)
            return response_to(reading, auth_request, query, principal, decision)
        except RequestRefused as refused:
            note_refusal(destination.client.id, refused.error, refused.description)
            return redirect_externally(with_error(destination, refused))


def response_to(
    reading: Session, auth_request: AuthorizationRequest, query: str, principal: Principal | None, decision: str | None
) -> ResponseReturnValue:
    if principal is None and (principal := logged_in()) is None:
        return log_in_first(auth_request, query)
    require_hinted_user(auth_request, principal)
    if (again := log_in_again(auth_request, query, principal)) is not None:
        return again
    catalogue = token_service().catalogue.for_user(reading, principal.user_id)
    scopes = grantable(auth_request.scopes, auth_request.client, catalogue, principal.roles)
    if not scopes:
        raise RequestRefused("invalid_scope", "no known scope was requested, such as openid")
    if (step_up := unmet_level(auth_request, scopes)) is not None:
        return step_up
    user, roles = user_lookup.with_roles(reading, principal.user_id)
    if user is None or not may_use(user, roles, auth_request.client):
        return refuse_user(auth_request, principal)
    if decision is not None:
        return decision_response(auth_request, principal, scopes, decision)
    if consents.is_needed(reading, auth_request, principal.user_id, scopes):
        if "none" in auth_request.prompts:
            raise RequestRefused("consent_required", "the user has not allowed this yet")
        claims = claims_of(
            user,
            groups_of(auth_request.client, principal.roles),
            scopes,
            auth_request.client,
            token_service().issuer.hooks,
        )
        return consent_page(auth_request, query, sentences(scopes, catalogue), claims)
    with database().write() as writing:
        return redirect_externally(with_code(writing, auth_request, principal, scopes))


def logged_in() -> Principal | None:
    """The user of the session; None for nobody, and for a token, which no app may log in with."""
    found: Principal = current_user._get_current_object()
    return found if found.is_authenticated and found.credential == "session" else None


def require_hinted_user(auth_request: AuthorizationRequest, principal: Principal) -> None:
    """No response about another user than that of ``id_token_hint`` or ``claims`` (OpenID Connect Core §3.1.2.1).

    Raises:
        RequestRefused: also for a hint that cannot be verified, because nobody is known to be its user.
    """
    subject = subject_of(auth_request.client, principal.user_id)
    if not all(subject in subjects for subjects in auth_request.claims.subjects):
        raise RequestRefused("login_required", "claims demands another user")
    if auth_request.id_token_hint is None:
        return
    try:
        hinted = hinted_login(auth_request.id_token_hint, issuer=issuer(), keys=service(IdTokenKeys))
    except HintInvalid as error:
        raise RequestRefused("login_required", "id_token_hint is not an ID token of this site") from error
    if (hinted.client_id, hinted.subject) != (str(auth_request.client.id), subject):
        raise RequestRefused("login_required", "id_token_hint is about another user or app")


def unmet_level(auth_request: AuthorizationRequest, scopes: list[str]) -> ResponseReturnValue | None:
    """The way to a second factor or passkey that settings demand, or to reopening a closed account; None if neither.

    Without it an app would learn of a login that this site itself does not accept for its own pages.
    """
    refusal = unmet_demands(auth_request.client, scopes, auth_request.claims.level)
    if refusal is not None and "none" in auth_request.prompts:
        raise RequestRefused("interaction_required", "the login needs another factor")
    return refusal


def refuse_user(auth_request: AuthorizationRequest, principal: Principal) -> ResponseReturnValue:
    """A page for a user who may not use the app; with ``prompt=none`` the app gets the error."""
    if "none" in auth_request.prompts:
        raise RequestRefused("access_denied", "this user may not use the app")
    note_error(auth_request.client.id, "not_allowed")
    raise no_access(auth_request.client, principal)


def consent_page(
    auth_request: AuthorizationRequest, query: str, scope_sentences: list[str], claims: dict[str, Any]
) -> ResponseReturnValue:
    """Render the consent page.

    Args:
        scope_sentences: what the app may know and do.
        claims: of the user, with their values.
    """
    page = {
        "app": auth_request.client,
        "host": where_to(auth_request.redirect_uri),
        "sentences": [*scope_sentences, *at_services(auth_request.resources)],
        "request_query": query,
        "claims": {name: words_of(name, value) for name, value in claims.items()},
    }
    return make_response(render_template("oauth/consent.html", **page))


def where_to(uri: str) -> str:
    """Host of a redirect URI, or the scheme of a native app, for people."""
    scheme, _colon, rest = uri.partition("://")
    return rest.partition("/")[0] if scheme in ("http", "https") else uri.partition(":")[0]


def decision_response(
    auth_request: AuthorizationRequest, principal: Principal, scopes: list[str], decision: str
) -> ResponseReturnValue:
    if decision != "allow":
        use_up(db(), auth_request)
        raise RequestRefused("access_denied", "the user did not allow it")
    consents.give(db(), principal.user_id, auth_request.client, scopes, resources=auth_request.resources)
    return redirect_externally(with_code(db(), auth_request, principal, scopes))


def with_code(writing: Session, auth_request: AuthorizationRequest, principal: Principal, scopes: list[str]) -> str:
    use_up(writing, auth_request)
    code = codes.issue(writing, auth_request, principal, scopes)
    return back_to(auth_request.redirect_uri, {"code": code, "state": auth_request.state})


def use_up(writing: Session, auth_request: AuthorizationRequest) -> None:
    """A pushed request leads to one response only (RFC 9126 §4)."""
    if auth_request.pushed is not None and not pushed_requests.use_up(writing, auth_request.pushed):
        raise outdated()


def with_error(destination: Destination, refused: RequestRefused) -> str:
    response = {"error": refused.error, "error_description": refused.description, "state": destination.state}
    return back_to(destination.redirect_uri, response)


def back_to(uri: str, response: dict[str, str | None]) -> str:
    """The redirect URI with a response, which names us (RFC 9207)."""
    added = urlencode({name: value for name, value in response.items() if value is not None} | {"iss": issuer()})
    return f"{uri}{'&' if '?' in uri else '?'}{added}"
