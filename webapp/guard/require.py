"""@require and @public: every view wears one; one that wears none does not answer."""

import inspect
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, Literal, ParamSpec, TypeVar

from flask import Flask, g

from webapp.guard.assurance import BY_ACR, Level
from webapp.guard.policy import Requirement

P = ParamSpec("P")
R = TypeVar("R")
View = Callable[..., Any]

MARK = "requirement"


def require(
    *,
    role: str | None = None,
    scope: str = "resources:read",
    session: bool = False,
    fresh_within: timedelta | None = None,
    spares_tokens: bool = False,
    optional: bool = False,
    cookies: bool = True,
    aal: Literal[1, 2] = 1,
    acr: str | None = None,
    spares_level: bool = False,
    spares_closed: bool = False,
) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """Let in whoever meets this, and hand the view its ``principal`` if it has a parameter of that name.

    Args:
        role: what the user must hold; roles include the ones before them.
        scope: what a token must carry besides; a session needs none.
        session: refuse tokens altogether.
        fresh_within: how long ago the user may have proven who they are.
        spares_tokens: ask that of sessions alone.
        optional: let in who brings no credential as well; the principal is None then. One that does not hold is
            refused as ever, and so is one that falls short of the rest.
        cookies: read the session's; without, only a token gets in.
        aal: how many factors they must have shown, or the token's owner when it was made.
        acr: the same by its name, ``phr`` for a passkey among them.
        spares_level: let in who has not reached what their role demands.
        spares_closed: let in who has closed their account, and may still come back.
    """
    need = Requirement(
        is_optional=optional,
        reads_cookies=cookies,
        role=role,
        scope=scope,
        session=session,
        fresh_within=fresh_within,
        spares_tokens=spares_tokens,
        level=max(Level(aal), BY_ACR[acr] if acr else Level.ONE),
        spares_level=spares_level,
        spares_closed=spares_closed,
    )

    def wear(view: Callable[..., R]) -> Callable[..., R]:
        if "principal" not in inspect.signature(view).parameters:
            return declare(own(view), need)

        @wraps(view)
        def with_principal(*args: Any, **kwargs: Any) -> R:
            # Only the guard sets it, after it decided: a view called in another way has no caller.
            return view(*args, principal=g.principal, **kwargs)

        return declare(with_principal, need)

    return wear


def login_required(view: Callable[P, R]) -> Callable[P, R]:
    """Flask-Login's word for ``@require()``."""
    return require()(view)


def public(view: Callable[P, R]) -> Callable[P, R]:
    """Ask nothing of the caller; changes still need a CSRF token."""
    return declare(own(view), Requirement(is_public=True))


def public_to_scripts(view: Callable[P, R]) -> Callable[P, R]:
    """Ask nothing, and read no cookie either: there is no session to misuse, so no CSRF token is asked."""
    return declare(own(view), Requirement(is_public=True, reads_cookies=False))


def own(view: Callable[P, R]) -> Callable[P, R]:
    """A function to wear it, so that the same view may stand behind another route that asks something else."""

    @wraps(view)
    def same(*args: P.args, **kwargs: P.kwargs) -> R:
        return view(*args, **kwargs)

    return same


def declare(view: Callable[P, R], need: Requirement) -> Callable[P, R]:
    if hasattr(view, MARK):
        # Only one of them would be asked, and it would not be visible which.
        raise TypeError(f"{view.__qualname__} already has an access rule. Combine both into one @require(...)")
    setattr(view, MARK, need)
    return view


def requirement_of(app: Flask, endpoint: str) -> Requirement | None:
    """What a route asks, or None where it does not say."""
    if endpoint == "static":
        return Requirement(is_public=True)
    found: Requirement | None = getattr(app.view_functions[endpoint], MARK, None)
    return found
