"""What an authorization request must satisfy: one function per rule, checked in their order."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from webapp.core.translation import _
from webapp.guard.assurance import BY_ACR, Level
from webapp.oauth import clients, redirect_uris, requested_claims, resources
from webapp.oauth.models import OAuthClient, PushedRequest
from webapp.oauth.request_errors import InvalidRedirect, RequestRefused
from webapp.oauth.requested_claims import RequestedClaims
from webapp.oauth.scopes import OPENID

Parameters = Mapping[str, Sequence[str]]
PROMPTS = {"none", "login", "consent", "select_account"}
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
LONGEST_STATE = 2000
LONGEST_NONCE = 500
LONGEST_SCOPE = 1000
REPEATABLE = {"resource"}
"""RFC 8707 §2."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where responses to an authorization request go."""

    client: OAuthClient
    redirect_uri: str
    state: str | None


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """A valid authorization request (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2.1)."""

    client: OAuthClient
    redirect_uri: str
    state: str | None
    scopes: tuple[str, ...]
    nonce: str | None
    code_challenge: str
    prompts: frozenset[str]
    max_age: int | None
    """Seconds that the last authentication may be old."""
    preferred_levels: tuple[Level, ...]
    """Known levels in ``acr_values``, or else in ``claims``, in order of preference."""
    claims: RequestedClaims
    id_token_hint: str | None
    """An ID token of the user who is to be logged in."""
    resources: tuple[str, ...]
    """Services that its tokens are for (RFC 8707); empty for this site."""
    dpop_jkt: str | None
    """Thumbprint of the key that the client will prove with the code (RFC 9449 §10)."""
    pushed: bytes | None
    """Digest of the ``request_uri`` under which it was pushed; None if it was not."""


def destination_of(db: Session, parameters: Parameters) -> Destination:
    """The client and where to send it responses.

    Raises:
        InvalidRedirect
    """
    for name in ("client_id", "redirect_uri"):
        if len(parameters.get(name, ())) > 1:
            raise InvalidRedirect(_("%(name)s was sent more than once.", name=name))
    client = clients.find_any(db, first(parameters, "client_id"))
    if client is None:
        raise InvalidRedirect(_("No app with this client_id is registered on this site."))
    if client.disabled_at is not None:
        raise InvalidRedirect(_("The app %(name)s is disabled on this site.", name=client.name))
    uri = first(parameters, "redirect_uri")
    if uri is None:
        raise InvalidRedirect(_("The redirect_uri is missing."))
    if not redirect_uris.is_registered(uri, client.redirect_uris):
        message = _("The app %(name)s has not registered this redirect_uri.", name=client.name)
        raise InvalidRedirect(message, client.id, uri)
    states = parameters.get("state", ())
    return Destination(client, uri, states[0] if len(states) == 1 and len(states[0]) <= LONGEST_STATE else None)


def require_pushed(destination: Destination, pushed: PushedRequest | None) -> None:
    """Refuse a request that was not pushed, of a client that must use pushed authorization requests (RFC 9126 §5).

    Raises:
        RequestRefused
    """
    if pushed is None and destination.client.require_pushed_authorization_requests:
        raise RequestRefused("invalid_request", "this client must push its requests (RFC 9126)")


def checked(
    destination: Destination, parameters: Parameters, *, own: str, pushed: PushedRequest | None = None
) -> AuthorizationRequest:
    """The request, if it satisfies every rule.

    Args:
        own: URL of this site.
        pushed: the row with ``parameters``; None before it is stored, and for a request of a browser.

    Raises:
        RequestRefused
    """
    for rule in RULES:
        rule(parameters)
    max_age, scopes = first(parameters, "max_age"), words(parameters, "scope")
    # Only a request of OpenID Connect has the parameter.
    claims = requested_claims.read(first(parameters, "claims") or "") if OPENID in scopes else RequestedClaims()
    return AuthorizationRequest(
        client=destination.client,
        redirect_uri=destination.redirect_uri,
        state=destination.state,
        scopes=tuple(dict.fromkeys((*scopes, *claims.scopes))),
        nonce=first(parameters, "nonce"),
        code_challenge=first(parameters, "code_challenge") or "",
        prompts=frozenset(words(parameters, "prompt")),
        max_age=int(max_age) if max_age is not None else None,
        preferred_levels=preferred_levels(parameters) or claims.preferred_levels,
        claims=claims,
        id_token_hint=first(parameters, "id_token_hint"),
        resources=resources_of(destination, parameters, own=own),
        dpop_jkt=first(parameters, "dpop_jkt"),
        pushed=pushed.digest if pushed else None,
    )


def preferred_levels(parameters: Parameters) -> tuple[Level, ...]:
    return tuple(BY_ACR[acr] for acr in words(parameters, "acr_values") if acr in BY_ACR)


def resources_of(destination: Destination, parameters: Parameters, *, own: str) -> tuple[str, ...]:
    """The ``resource`` parameters of an authorization request, if the client may name them (RFC 8707 §2)."""
    found = resources.distinct(parameters.get("resource", ()))
    if not all(resources.may_name(destination.client, uri, own=own) for uri in found):
        raise RequestRefused("invalid_target", "the client may not get tokens for this resource")
    return found


def no_parameter_twice(parameters: Parameters) -> None:
    """Refuse repeated parameters (RFC 6749 §3.1)."""
    if repeated := [name for name, values in parameters.items() if len(values) > 1 and name not in REPEATABLE]:
        raise RequestRefused("invalid_request", f"{repeated[0][:50]} was sent more than once")


def no_request_object(parameters: Parameters) -> None:
    """Refuse the unsupported ``request``, ``request_uri`` and ``registration`` (OpenID Connect Core §6)."""
    if first(parameters, "request") is not None:
        raise RequestRefused("request_not_supported", "request objects are not supported")
    if first(parameters, "request_uri") is not None:
        raise RequestRefused("request_uri_not_supported", "request_uri is not supported")
    if first(parameters, "registration") is not None:
        raise RequestRefused("registration_not_supported", "register the client instead")


def response_is_a_code(parameters: Parameters) -> None:
    """Require ``response_type=code``: no implicit and no hybrid flow (RFC 9700 §2.1.2)."""
    kind = first(parameters, "response_type")
    if kind is None:
        raise RequestRefused("invalid_request", "response_type is missing")
    if kind != "code":
        raise RequestRefused("unsupported_response_type", "only response_type=code is supported")
    if first(parameters, "response_mode") not in (None, "query"):
        raise RequestRefused("invalid_request", "only response_mode=query is supported")


def has_pkce(parameters: Parameters) -> None:
    """Require PKCE with S256 of every client (RFC 7636, RFC 9700 §2.1.1)."""
    if not CHALLENGE.fullmatch(first(parameters, "code_challenge") or ""):
        raise RequestRefused("invalid_request", "code_challenge is missing or is not that of S256 (RFC 7636)")
    if first(parameters, "code_challenge_method") != "S256":
        raise RequestRefused("invalid_request", "code_challenge_method must be S256")


def key_is_a_thumbprint(parameters: Parameters) -> None:
    """Require ``dpop_jkt`` to be a SHA-256 thumbprint, in the form of ``code_challenge`` (RFC 9449 §10)."""
    jkt = first(parameters, "dpop_jkt")
    if jkt is not None and not CHALLENGE.fullmatch(jkt):
        raise RequestRefused("invalid_request", "dpop_jkt is not a thumbprint (RFC 7638)")


def sizes_are_bounded(parameters: Parameters) -> None:
    for name, most in (("state", LONGEST_STATE), ("nonce", LONGEST_NONCE), ("scope", LONGEST_SCOPE)):
        if len(first(parameters, name) or "") > most:
            raise RequestRefused("invalid_request", f"{name} has more than {most} characters")


def nonce_is_text(parameters: Parameters) -> None:
    """Refuse a ``nonce`` with a NUL character, which PostgreSQL cannot store."""
    if "\0" in (first(parameters, "nonce") or ""):
        raise RequestRefused("invalid_request", "nonce has a NUL character")


def prompt_is_known(parameters: Parameters) -> None:
    """Refuse unknown values of ``prompt``, and ``none`` with another value (OpenID Connect Core §3.1.2.1)."""
    prompts = set(words(parameters, "prompt"))
    if prompts - PROMPTS:
        raise RequestRefused("invalid_request", "prompt has an unknown value")
    if "none" in prompts and len(prompts) > 1:
        raise RequestRefused("invalid_request", "prompt=none allows no other value")


def max_age_is_a_number(parameters: Parameters) -> None:
    value = first(parameters, "max_age")
    if value is not None and not re.fullmatch(r"[0-9]{1,9}", value):
        raise RequestRefused("invalid_request", "max_age must be a number of seconds")


RULES: tuple[Callable[[Parameters], None], ...] = (
    no_parameter_twice,
    no_request_object,
    response_is_a_code,
    has_pkce,
    key_is_a_thumbprint,
    sizes_are_bounded,
    nonce_is_text,
    prompt_is_known,
    max_age_is_a_number,
)


def first(parameters: Parameters, name: str) -> str | None:
    """The value of a parameter; None if it is missing or empty, which is the same (RFC 6749 §3.1)."""
    values = parameters.get(name, ())
    return values[0] if values and values[0] else None


def words(parameters: Parameters, name: str) -> list[str]:
    return list(dict.fromkeys((first(parameters, name) or "").split()))
