"""/login/with/<provider>/callback: where an identity provider sends a browser back."""

from datetime import timedelta

from flask import request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from webapp.core.clock import now
from webapp.core.ratelimit import Limit, Limiter
from webapp.core.ratelimit_storage import SPENT
from webapp.federation import linking, role_rules
from webapp.federation.checks import Check, LoginFailed
from webapp.federation.models import LoginProvider
from webapp.federation.openid_login import AuthorizationResponse
from webapp.federation.pending_requests import LIFETIME, PendingRequest, pop
from webapp.federation.provider_assurance import amr_of
from webapp.federation.provider_identity import ProviderIdentity
from webapp.federation.subject_settings import login_mark
from webapp.federation.views.blueprint import bp, for_protocol, logins, pending, provider_named, refuse_disabled, store
from webapp.federation.views.confirm import confirmed, not_confirmed
from webapp.federation.views.failures import CANCELLED, cancelled, record_failure, unknown_login
from webapp.federation.views.identities import ask_for_link, tell_linked
from webapp.federation.views.new_session import complete, keep_provider_session, refuse_unfit
from webapp.federation.views.start import undo_count
from webapp.federation.views.trial import finish_trial
from webapp.federation.views.waiting import wait_for_decision
from webapp.guard import public
from webapp.web.known_fields import reads
from webapp.web.negotiation import wants_page
from webapp.web.registry import service
from webapp.web.transaction import database

READ = "state", "code", "iss", "error", "error_description", "oauth_token", "oauth_verifier"
LONGEST = 4096
USED = Limit(f"{SPENT}provider-login", 1, LIFETIME + timedelta(minutes=1))


@bp.get("/login/with/<slug>/callback")
@public
@reads(others=True)
def callback(slug: str) -> ResponseReturnValue:
    """The user comes back from an identity provider."""
    row, response = provider_named(slug, disabled_too=True), response_in(request.args)
    pending_request = take_pending_request(response.state, slug)
    if pending_request.mark != login_mark(row):
        # The provider was changed meanwhile, and the response is from the one before.
        raise unknown_login()
    if pending_request.purpose == "test":
        return finish_trial(row, pending_request, response)
    refuse_disabled(row)
    try:
        identity = logins().finish(for_protocol(row), pending_request, response, now())
    except LoginFailed as error:
        if error.check is Check.RESPONSE and response.error in CANCELLED and wants_page():
            return cancelled(row, pending_request)
        is_confirmation = pending_request.purpose == "confirm"
        raise (not_confirmed if is_confirmation else record_failure)(row, error, pending_request.next) from error
    undo_count(pending_request)
    if pending_request.purpose == "link":
        return ask_for_link(row, identity, pending_request)
    if pending_request.purpose == "confirm":
        return confirmed(row, identity, pending_request)
    return log_in(row, identity, pending_request)


def response_in(query: MultiDict[str, str]) -> AuthorizationResponse:
    """Read the authorization response from the query of the callback URL.

    Raises:
        Problem: a parameter is repeated (RFC 6749 §3.1) or too long.
    """
    for name in READ:
        if len(query.getlist(name)) > 1 or len(query.get(name, "")) > LONGEST:
            raise unknown_login()
    return AuthorizationResponse(
        query.get("state", ""),
        query.get("code", ""),
        query.get("iss"),
        error_in(query),
        query.get("error_description", ""),
        query.get("oauth_token", ""),
        query.get("oauth_verifier", ""),
    )


def error_in(query: MultiDict[str, str]) -> str:
    """The error of a response. OAuth 1 has none, so providers of it have their own words for a user who cancels."""
    is_cancelled = "denied" in query or query.get("oauth_problem") == "user_refused"
    return "access_denied" if is_cancelled else query.get("error", "")


def take_pending_request(state: str, slug: str) -> PendingRequest:
    """The login that this response belongs to, which can be used once.

    Raises:
        Problem: this browser has begun none with this state and provider.
    """
    found = pending()
    pending_request = pop(found, state, slug)
    if pending_request is None:
        raise unknown_login()
    store(found)
    # A copy of the cookie would bring it back.
    if not service(Limiter).take(USED, state).allowed:
        raise unknown_login()
    return pending_request


def log_in(row: LoginProvider, identity: ProviderIdentity, pending_request: PendingRequest) -> ResponseReturnValue:
    """Start a session for the user of an identity, or let them choose an account."""
    # In a transaction of its own: a second step may follow, and what the provider said stays valid.
    with database().write() as writing:
        provider = writing.get_one(LoginProvider, row.id)
        owner = linking.owner_of(writing, provider, identity)
        if owner is None:
            return wait_for_decision(writing, provider, identity, pending_request.next)
        refuse_unfit(owner.user)
        linking.note_login(owner.link, identity)
        if owner.is_new_link:
            tell_linked(writing, owner.user, provider, owner.link)
        role_rules.apply(writing, provider, identity, owner.user, owner.link)
        keep_provider_session(writing, provider, identity, owner.user.id)
    return complete(owner.user, amr_of(row, identity), identity.auth_time, pending_request.next)
