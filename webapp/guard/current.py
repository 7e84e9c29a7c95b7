"""Who is behind this request, for views and templates that are handed nobody: looked at only where it is asked for."""

from collections.abc import Callable
from typing import Any

from flask import Flask, current_app, g
from flask_login import current_user
from werkzeug.local import LocalProxy

from webapp.guard.principal import Principal
from webapp.verify import read
from webapp.web.bearer import presented

LookUp = Callable[[Principal], Any]
LOOK_UP = "user_lookup"


def principal() -> Principal | None:
    found = current_user._get_current_object()
    return found if isinstance(found, Principal) else None


def claims() -> dict[str, Any]:
    if "claims" not in g:
        g.claims = read_claims()
    found: dict[str, Any] = g.claims
    return found


def read_claims() -> dict[str, Any]:
    who, shown = principal(), presented()
    if who is None or who.credential != "token" or shown is None or shown.token is None:
        return {}
    # Verified when its owner was recognised: here it is only read.
    return read(shown.token)[1]


def user_lookup(app: Flask) -> Callable[[LookUp], LookUp]:
    """Register the one function that finds a caller in a store of your own: what it returns is ``current_record``."""

    def register(hook: LookUp) -> LookUp:
        if LOOK_UP in app.extensions:
            raise TypeError(f"users are looked up by {app.extensions[LOOK_UP].__qualname__} already")
        app.extensions[LOOK_UP] = hook
        return hook

    return register


def record() -> Any:
    if "record" not in g:
        if LOOK_UP not in current_app.extensions:
            raise LookupError("nothing looks users up here: register a function with user_lookup(app)")
        who = principal()
        g.record = current_app.extensions[LOOK_UP](who) if who is not None else None
    return g.record


current_principal: Principal = LocalProxy(principal)  # type: ignore[assignment]
"""The caller whom the guard let in; false where there is none."""
current_claims: dict[str, Any] = LocalProxy(claims)  # type: ignore[assignment]
"""The claims of the token that was sent; empty for a session, and for nobody."""
current_record: Any = LocalProxy(record)
"""What ``user_lookup`` found of the caller, asked once a request; false where there is none."""
