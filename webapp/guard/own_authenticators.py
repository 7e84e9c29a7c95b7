"""authenticator(): API tokens of this site under a header or scheme of an app's own, such as ``X-Api-Key``."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from flask import Blueprint, Flask, current_app, request
from flask.blueprints import BlueprintSetupState

from webapp.web.bearer import PRESENTED, PresentedToken, presented, token_or_none
from webapp.web.cors import CORS_HEADERS
from webapp.web.registry import services_of
from webapp.web.unproxied import unproxied

NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,39}")
# What browsers and proxies send by themselves, or what this site reads already.
TAKEN_SCHEMES = {"basic", "bearer", "digest", "dpop", "negotiate", "ntlm"}
TAKEN_HEADERS = re.compile(
    r"authorization|cookie|host|origin|referer|user-agent|dpop|forwarded|x-csrf-token|x-real-ip|"
    r"(accept|access-control|content|if|proxy|sec|x-forwarded)(-.*)?"
)


class TokenLookup(Protocol):
    """The API token that a value stands for: its id, or the token itself; None if it stands for none."""

    def __call__(self, value: str, /) -> UUID | str | None: ...


@dataclass(frozen=True, slots=True)
class OwnAuthenticator:
    find: TokenLookup
    header: str | None
    scheme: str | None
    is_ambient: bool

    @property
    def name(self) -> str:
        """Its name in OpenAPI."""
        return self.header or self.scheme or ""

    @property
    def security_scheme(self) -> dict[str, str]:
        """A Security Scheme Object (OpenAPI 3.1 §4.8.27)."""
        description = {"description": " ".join((self.find.__doc__ or "").split()) or "An API token of this site."}
        if self.header is not None:
            return {"type": "apiKey", "in": "header", "name": self.header} | description
        return {"type": "http", "scheme": self.name.lower()} | description

    def value_in(self, environ: dict[str, Any]) -> str | None:
        """What a request sends under the header or scheme; None if nothing."""
        authorization: str | None = environ.get("HTTP_AUTHORIZATION")
        if self.header is not None:
            # Never beside an Authorization header: that one decides, even if this site does not know its scheme.
            found = environ.get("HTTP_" + self.header.upper().replace("-", "_"))
            return found if authorization is None else None
        scheme, _space, value = (authorization or "").strip().partition(" ")
        return value.strip() if scheme.lower() == self.name.lower() else None

    def present(self, value: str) -> PresentedToken:
        found = self.find(value)
        if isinstance(found, UUID):
            return PresentedToken(None, is_ambient=self.is_ambient, token_id=found)
        return PresentedToken(token_or_none(found) if found else None, is_ambient=self.is_ambient)


@dataclass(frozen=True, slots=True)
class OwnAuthenticators:
    """The authenticators that blueprints of the application have registered; a service."""

    found: list[OwnAuthenticator]


def authenticator(
    blueprint: Blueprint, *, header: str | None = None, scheme: str | None = None, is_ambient: bool = False
) -> Callable[[TokenLookup], TokenLookup]:
    """Decorator factory: a function that finds the API token for the value of a header or of an own scheme.

    The guard treats the request like one with that token: the token's row is read, with its scopes and limits. A value
    for which the function returns None is answered 401, also if the request has a session cookie. An ``Authorization``
    header comes first.

    Args:
        blueprint: with which it is registered, for all routes of the site.
        header: such as ``X-Api-Key``.
        scheme: of the ``Authorization`` header, instead of ``header``.
        is_ambient: whether browsers or a proxy send it by themselves; changes from other sites are refused then.

    Raises:
        ValueError: the name is not free, or not one of both was given.
    """
    if (header is None) == (scheme is None):
        raise ValueError("an authenticator has either a header or a scheme")
    name = (header or scheme or "").lower()
    is_taken = TAKEN_HEADERS.fullmatch(name) if header is not None else name in TAKEN_SCHEMES
    if not NAME.fullmatch(name) or is_taken:
        raise ValueError(f"{header or scheme!r} cannot be the header or scheme of an authenticator")

    def decorate(find: TokenLookup) -> TokenLookup:
        own_authenticator = OwnAuthenticator(find, header, scheme, is_ambient)
        blueprint.record_once(lambda state: register(state, own_authenticator))
        return find

    return decorate


def register(state: BlueprintSetupState, own_authenticator: OwnAuthenticator) -> None:
    """Register an authenticator of a blueprint with the application.

    Raises:
        ValueError: another blueprint has the same header or scheme.
    """
    app: Any = state.app
    services = services_of(app)
    registered = services.find(OwnAuthenticators)
    if registered is None:
        registered = OwnAuthenticators([])
        services.provide(OwnAuthenticators)(registered)
        # Before the guard, and only where there is one, so that no other site spends time on it.
        app.before_request_funcs.setdefault(None, []).insert(0, use_own_authenticator)
    if own_authenticator.name.lower() in {other.name.lower() for other in registered.found}:
        raise ValueError(f"{own_authenticator.name} has an authenticator already")
    registered.found.append(own_authenticator)
    if own_authenticator.header is not None:
        app.config[CORS_HEADERS].append(own_authenticator.header)


def own_authenticators(app: Flask) -> list[OwnAuthenticator]:
    registered = services_of(app).find(OwnAuthenticators)
    return registered.found if registered is not None else []


def use_own_authenticator() -> None:
    """Before-request hook: present the token that the header or scheme of an app's own stands for."""
    environ = unproxied(request).environ
    if presented() is not None:
        return
    for own_authenticator in own_authenticators(unproxied(current_app)):
        if (value := own_authenticator.value_in(environ)) is not None:
            environ[PRESENTED] = own_authenticator.present(value)
            return
