"""GET /forward-auth: whether a request to an app is allowed, for its reverse proxy."""

from functools import partial

from flask import Request, Response, current_app, request
from flask.typing import ResponseReturnValue

from webapp.core import dpop as dpop_proofs
from webapp.core.clock import now
from webapp.core.digests import constant_time_equal
from webapp.core.dpop import InvalidProof, ProvenRequest
from webapp.forward_auth import guests
from webapp.forward_auth.check_counter import CheckCounter
from webapp.forward_auth.checks import ForwardAuth, Verdict
from webapp.forward_auth.host_cookies import LONGEST, is_sent_twice, login_cookie
from webapp.forward_auth.identity_headers import NOBODY, Headers
from webapp.forward_auth.original_request import NotReadable, OriginalRequest, read
from webapp.forward_auth.path_patterns import canonical_path
from webapp.forward_auth.proxied_apps import CompiledRule
from webapp.forward_auth.views import refusals
from webapp.forward_auth.views.blueprint import OWN_PATH, bp, forward_auth
from webapp.guard.dpop_binding import KeyNotProven
from webapp.guard.login_manager import Authenticators, credential_of
from webapp.guard.principal import CredentialRef, NotAccepted
from webapp.guard.request_guard import count_request
from webapp.guard.require import public_to_scripts
from webapp.sessions.cookie import sent_cookie
from webapp.sessions.lifecycle import credential_key
from webapp.web import dpop
from webapp.web.after_response import after_response
from webapp.web.bearer import PresentedToken, presented
from webapp.web.known_fields import reads
from webapp.web.negotiation import QuickResponse
from webapp.web.problems import Problem
from webapp.web.registry import service
from webapp.web.unproxied import unproxied


@bp.get("/forward-auth")
@public_to_scripts
@reads("follows")
def check() -> ResponseReturnValue:
    """Answers a reverse proxy: 200 with who the user is, 401 or 403.

    Nothing in the request is trusted unless a trusted proxy sent it.
    """
    current = unproxied(request)
    try:
        original = read(current.environ)
    except NotReadable as error:
        return refusals.forbidden(str(error))
    if original.raw_path.startswith(OWN_PATH):
        return refusals.forbidden(f"the proxy must pass {OWN_PATH} to this site without asking")
    if is_sent_twice(current.environ.get("HTTP_COOKIE"), original.scheme):
        return refusals.forbidden("a cookie of this site was sent twice, of which the proxy would remove one")
    checks = forward_auth()
    verdict = checks.check(original, current.environ, current.remote_addr, partial(credential_in, current, original))
    if verdict.found is None and verdict.error is not None and verdict.error.code == "session_ended":
        # The cookie of the host is no login: perhaps it is from a guest link.
        key = credential_key(sent_cookie(current, login_cookie(original.scheme)) or "")
        verdict = guests.guest_verdict(checks, original, current.environ, verdict, key) or verdict
    if verdict.is_allowed and verdict.principal is not None and verdict.principal.credential == "token":
        try:
            prove_key(current, original, verdict)
        except NotAccepted as error:
            verdict = verdict._replace(decision=None, error=error)
    counter = service(CheckCounter)
    if counter.count(original, verdict):
        after_response(counter.flush)
    if not verdict.is_allowed:
        return refusals.refusal_of(original, verdict)
    return allowed(checks, current, original, verdict)


def credential_in(current: Request, original: OriginalRequest, rule: CompiledRule) -> CredentialRef | None:
    """The credential of a request: a token in ``Authorization``, unless that header is the app's own, or the cookie.

    Raises:
        NotAccepted: something else is in ``Authorization``.
    """
    presented_token = token_of(current, rule)
    if presented_token is not None and presented_token.is_ambient and is_change_of_other_site(current, original):
        raise NotAccepted("token_invalid", "a page of another site made the browser send the password")
    if presented_token is not None:
        return credential_of(service(Authenticators), presented_token)
    secret = sent_cookie(current, login_cookie(original.scheme))
    if not secret or len(secret) > LONGEST:
        return None
    return CredentialRef(credential_key(secret), "session")


def is_change_of_other_site(current: Request, original: OriginalRequest) -> bool:
    """Whether a page of another site may have caused it: browsers send Basic by themselves (Fetch Metadata §2.4)."""
    if original.method in ("GET", "HEAD", "OPTIONS"):
        return False
    environ: dict[str, str] = current.environ
    site = environ.get("HTTP_SEC_FETCH_SITE")
    if site is not None:
        return site not in ("same-origin", "none")
    return environ.get("HTTP_ORIGIN", original.origin) != original.origin


def token_of(current: Request, rule: CompiledRule) -> PresentedToken | None:
    if rule.authorization == "app" or "HTTP_AUTHORIZATION" not in current.environ:
        return None
    presented_token = presented(current)
    if presented_token is not None and presented_token.is_ambient and rule.authorization != "basic":
        raise NotAccepted("token_invalid", "this rule does not accept tokens as passwords")
    return presented_token


def prove_key(current: Request, original: OriginalRequest, verdict: Verdict) -> None:
    """Check the proof of a token that is bound to a key, which names the URL of the app (RFC 9449 §7).

    Raises:
        NotAccepted
    """
    principal, rule = verdict.principal, verdict.rule
    presented_token = token_of(current, rule) if rule else None
    if principal is None or rule is None or presented_token is None:
        return
    jkt = principal.grant.jkt if principal.grant else None
    if jkt is None and not presented_token.is_dpop:
        return
    row = verdict.found.row if verdict.found else None
    if not rule.accepts_dpop:
        raise KeyNotProven("invalid_token", "this rule does not accept tokens that are bound to a key", row)
    if jkt is None or not presented_token.is_dpop:
        raise KeyNotProven("invalid_token", "the token is not bound to a key, or the proof is missing", row)
    path = canonical_path(original.raw_path)
    if path is None:
        raise KeyNotProven("invalid_dpop_proof", "the path has more than one reading", row)
    proven_request = ProvenRequest(
        method=original.method, base_urls=(original.origin,), path=path, token=presented_token.token
    )
    try:
        proof = dpop_proofs.verify_proof(
            current.environ.get("HTTP_DPOP", ""), proven_request, window=current_app.config["DPOP_WINDOW"]
        )
    except InvalidProof as error:
        raise KeyNotProven("invalid_dpop_proof", str(error), row) from error
    if not constant_time_equal(proof.jkt, jkt) or not dpop.is_new(proof):
        raise KeyNotProven("invalid_dpop_proof", "the proof was made with another key, or used before", row)


def allowed(checks: ForwardAuth, current: Request, original: OriginalRequest, verdict: Verdict) -> Response:
    principal, found, rule = verdict.principal, verdict.found, verdict.rule
    if principal is None or found is None or rule is None:
        return allowed_response(NOBODY)
    if principal.grant is not None and principal.grant.is_limited:
        try:
            count_request(principal)
        except Problem as error:
            return refusals.too_many(error)
    use = original.method, rule.requirement.scope
    service(Authenticators).count_use(found.row, current, now(), use)
    return allowed_response(checks.identity.of(found, original) if rule.sends_identity else NOBODY)


def allowed_response(headers: Headers) -> Response:
    # With a type, because Werkzeug looks for a missing one in a slow way. With a body, though empty: a response without
    # a length counts as streamed, and of those few are sent at a time.
    response = QuickResponse(b"", content_type="text/plain")
    response.further_headers = headers
    return response
