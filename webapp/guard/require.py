"""@require and @public: declare who may call a view; a view with neither is refused for everyone."""

import inspect
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import wraps
from typing import Any, Literal, ParamSpec, TypeVar
from uuid import UUID

from flask import Blueprint, Flask, g
from flask.views import View as ViewClass

from webapp.guard.assurance import BY_ACR, Level
from webapp.guard.policy import Requirement
from webapp.guard.scope_rule import spelled
from webapp.web.application import blueprints_of
from webapp.web.async_views import run_async
from webapp.web.method_views import handler_of, handlers_of
from webapp.web.unproxied import unproxied

P = ParamSpec("P")
R = TypeVar("R")
View = Callable[..., Any]

MARK = "requirement"
LOGIN_VIEW = "login_view"


def require(
    *,
    role: str | None = None,
    scope: str | Sequence[str] = "resources:read",
    session: bool = False,
    fresh_within: timedelta | None = None,
    spares_tokens: bool = False,
    optional: bool = False,
    cookies: bool = True,
    aal: Literal[1, 2] = 1,
    acr: str | None = None,
    spares_level: bool = False,
    spares_closed: bool = False,
    owner: Callable[..., UUID | None] | None = None,
    owner_or_role: str | None = None,
    not_owner: Literal[403, 404] = 404,
    max_body: int | None = None,
    token_in_query: bool = False,
    audit: bool = False,
) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """View decorator: only callers that meet these requirements reach the view.

    A view with a parameter ``principal`` gets the caller in it.

    Args:
        role: a role that the user must have, directly or through another role.
        scope: a scope that a token must have; sessions need none. Of several, separated by spaces or in a list, it
            must have all; of "a|b" it must have one.
        session: accept only sessions, no tokens.
        fresh_within: maximum age of the last authentication; otherwise a step-up follows (RFC 9470).
        spares_tokens: apply ``fresh_within`` to sessions only.
        optional: also accept requests without a credential; ``principal`` is None then. An invalid credential, or one
            that does not meet the other requirements, is still refused.
        cookies: False to ignore the session cookie and accept only tokens.
        aal: minimum number of factors, of the session or of the session that issued the token.
        acr: the same by its ``acr`` value; ``phr`` for a passkey.
        spares_level: do not apply the minimum level that settings demand for roles.
        spares_closed: also accept users who have closed their account and can still reopen it.
        owner: a function that gets the variables of the URL and returns the ``user_id`` of the owner of the object;
            None, if there is no such object, is a 404.
        owner_or_role: a role with which a user counts as the owner of every object.
        not_owner: the status for all others.
        max_body: largest body, in bytes, such as for uploads; otherwise ``WEBAPP_BODY_LIMIT``.
        token_in_query: accept a token in the parameter ``token`` of a GET request, for calendars and feeds that can
            send no header. The response is not cached; give such tokens as few scopes as possible, because URLs end
            up in logs.
        audit: record every request that is allowed in the audit log: who, with which credential, and the URL.

    Raises:
        ValueError: ``scope`` cannot be read, or ``owner`` does not fit the other arguments.
    """
    if owner is None and (owner_or_role is not None or not_owner != 404):
        raise ValueError("owner_or_role and not_owner need owner, the function that finds the owner")
    if owner is not None and optional:
        raise ValueError("owner cannot be combined with optional: nobody owns anything without a login")
    requirement = Requirement(
        is_optional=optional,
        reads_cookies=cookies,
        role=role,
        scope=spelled(scope),
        session=session,
        fresh_within=fresh_within,
        spares_tokens=spares_tokens,
        level=max(Level(aal), BY_ACR[acr] if acr else Level.ONE),
        spares_level=spares_level,
        spares_closed=spares_closed,
        owner=owner,
        owner_or_role=owner_or_role,
        not_owner=not_owner,
        max_body=max_body,
        token_in_query=token_in_query,
        is_audited=audit,
    )

    def decorate(view: Callable[..., R]) -> Callable[..., R]:
        if isinstance(view, type) or "principal" not in inspect.signature(view).parameters:
            return declare(wrapped(view), requirement)
        answer = in_thread(view)

        @wraps(view)
        def with_principal(*args: Any, **kwargs: Any) -> R:
            # Set only by the guard, after its decision: calling the view in another way fails here.
            return answer(*args, principal=unproxied(g).principal, **kwargs)

        return declare(with_principal, requirement)

    return decorate


def login_required(view: Callable[P, R]) -> Callable[P, R]:
    """``@require()`` under the name that Flask-Login uses."""
    return require()(view)


def public(view: Callable[P, R]) -> Callable[P, R]:
    """View decorator: everyone may call the view; changes must come from a page of this site or have a CSRF token."""
    return declare(wrapped(view), Requirement(is_public=True))


def anonymous_only(view: Callable[P, R]) -> Callable[P, R]:
    """View decorator: like ``public``, but logged-in users are redirected to ``next`` or the dashboard."""
    return declare(wrapped(view), Requirement(is_public=True, is_anonymous_only=True))


def public_to_scripts(view: Callable[P, R]) -> Callable[P, R]:
    """Like ``public``, but the session cookie is ignored, so that no CSRF token is needed."""
    return declare(wrapped(view), Requirement(is_public=True, reads_cookies=False))


def wrapped(view: Callable[P, R]) -> Callable[P, R]:
    """Wrap a view, so that one function can have different requirements on two routes."""
    refuse_class(view)
    answer = in_thread(view)

    @wraps(view)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        return answer(*args, **kwargs)

    return wrapper


def in_thread(view: Callable[P, R]) -> Callable[P, R]:
    """``view`` itself, or a function that runs it if it is ``async def``: a wrapper would hide that from Flask."""
    return run_async(view) if inspect.iscoroutinefunction(view) else view


def refuse_class(view: object) -> None:
    """Refuse a class-based view, to which an access rule would be applied in the wrong place.

    Raises:
        TypeError: ``view`` is a class of ``flask.views``, to which Flask cannot apply a decorator.
    """
    if isinstance(view, type) and issubclass(view, ViewClass):
        raise TypeError(
            f"{view.__qualname__} is a class. Write the access rule above its methods, or into its list ``decorators``."
        )


def declare(view: Callable[P, R], requirement: Requirement) -> Callable[P, R]:
    """Attach a requirement to a view.

    Raises:
        TypeError: the view has one already.
    """
    if hasattr(view, MARK):
        # Only one of the two would apply, and it would not be obvious which.
        raise TypeError(f"{view.__qualname__} already has an access rule. Combine both into one @require(...)")
    setattr(view, MARK, requirement)
    return view


def requirement_of(app: Flask, endpoint: str, method: str = "GET") -> Requirement | None:
    """The requirement of an endpoint; None if its view declares none.

    Args:
        method: in capitals; matters for a ``MethodView``, whose methods can have rules of their own.
    """
    if endpoint == "static":
        return Requirement(is_public=True)
    view = app.view_functions[endpoint]
    found: Requirement | None = getattr(view, MARK, None)
    return found or getattr(handler_of(view, method), MARK, None) or requirement_of_blueprint(app, endpoint)


def check_rules(view: View) -> None:
    """Refuse a ``MethodView`` with two access rules for one method, of which one would have no effect.

    Raises:
        TypeError: a ``MethodView`` has a rule in ``decorators`` and another above one of its methods.
    """
    if not hasattr(view, MARK):
        return
    for method, handler in handlers_of(view).items():
        if hasattr(handler, MARK):
            raise TypeError(
                f"{handler.__qualname__} has an access rule, and so have the decorators of its class, which would "
                f"replace it. Remove one of the two, or write a rule above each method instead ({method})."
            )


def guard_blueprint(blueprint: Blueprint, rule: Callable[[View], View], *, login_view: str | None = None) -> None:
    """Declare who may call the views of a blueprint that declare nothing themselves, its static files included.

    A rule above a view replaces that of the blueprint; a nested blueprint has the rule of the one around it. These
    views get no ``principal``: use ``current_principal``.

    Args:
        rule: ``require(...)`` or ``public``, such as ``guard_blueprint(bp, require(role="admin"))``.
        login_view: endpoint of another login page for people who open a page of the blueprint without a login.

    Raises:
        TypeError: the blueprint has a rule already.
    """
    if hasattr(blueprint, MARK):
        raise TypeError(f"The blueprint {blueprint.name} already has an access rule.")
    setattr(blueprint, MARK, getattr(rule(lambda: None), MARK))
    setattr(blueprint, LOGIN_VIEW, login_view)


def requirement_of_blueprint(app: Flask, endpoint: str) -> Requirement | None:
    """What ``guard_blueprint`` has declared for the blueprint of an endpoint, or for one around it."""
    for name in blueprints_of(endpoint):
        found: Requirement | None = getattr(app.blueprints.get(name), MARK, None)
        if found is not None:
            return found
    return None


def login_view_of(app: Flask, endpoint: str) -> str | None:
    """The login page that ``guard_blueprint`` names for an endpoint; None for that of the site."""
    found = (getattr(app.blueprints.get(name), LOGIN_VIEW, None) for name in blueprints_of(endpoint))
    return next((view for view in found if view is not None), None)
