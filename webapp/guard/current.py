"""The caller of this request, for views and templates that are not given one; looked up only when used."""

from collections.abc import Callable
from typing import Any, Protocol

from flask import Flask, current_app, g
from flask_login import current_user
from werkzeug.local import LocalProxy

from webapp.guard.principal import Principal
from webapp.verify import read
from webapp.web.bearer import presented
from webapp.web.registry import services_of
from webapp.web.unproxied import unproxied


class UserLookup(Protocol):
    """Hook for plug-ins: returns the plug-in's own record of the caller."""

    def __call__(self, principal: Principal, /) -> Any: ...


def principal() -> Principal | None:
    """The caller of this request; behind ``current_principal``."""
    found = current_user._get_current_object()
    return found if isinstance(found, Principal) else None


def claims() -> dict[str, Any]:
    """The claims of the token of this request; behind ``current_claims``."""
    if "claims" not in g:
        g.claims = read_claims()
    found: dict[str, Any] = g.claims
    return found


def read_claims() -> dict[str, Any]:
    caller, presented_token = principal(), presented()
    if caller is None or caller.credential != "token" or presented_token is None or presented_token.token is None:
        return {}
    # Already verified when the caller was authenticated; here it is only decoded.
    return read(presented_token.token)[1]


def user_lookup(app: Flask) -> Callable[[UserLookup], UserLookup]:
    """Decorator factory that registers the function whose result is ``current_record``; one per application.

    Raises:
        TypeError: one is already registered.
    """

    def register(hook: UserLookup) -> UserLookup:
        services = services_of(app)
        if (registered := services.find(UserLookup)) is not None:
            raise TypeError(f"a user lookup is already registered: {getattr(registered, '__qualname__', registered)}")
        services.provide(UserLookup)(hook)
        return hook

    return register


def plugin_record() -> Any:
    """The plug-in's record of the caller; behind ``current_record``.

    Raises:
        LookupError: no function was registered with ``user_lookup``.
    """
    if "record" not in g:
        look_up = services_of(unproxied(current_app)).find(UserLookup)
        if look_up is None:
            raise LookupError("no user lookup is registered: register a function with user_lookup(app)")
        caller = principal()
        g.record = look_up(caller) if caller is not None else None
    return g.record


current_principal: Principal = LocalProxy(principal)  # type: ignore[assignment]
"""The authenticated caller; falsy if there is none."""
current_claims: dict[str, Any] = LocalProxy(claims)  # type: ignore[assignment]
"""The claims of the token of this request; empty without a token."""
current_record: Any = LocalProxy(plugin_record)
"""What the function registered with ``user_lookup`` returns for the caller, called once per request; else falsy."""
