"""Blueprints of other packages: named by WEBAPP_BLUEPRINTS, or given to ``create_app``."""

import inspect
import re
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import entry_points
from typing import Any

from flask import Blueprint, Flask, Response
from werkzeug.routing import Rule

from webapp.guard import public
from webapp.guard.require import LOGIN_VIEW, MARK, check_rules, requirement_of
from webapp.guard.routes import BY_ITSELF, routes_of
from webapp.settings import SettingsError
from webapp.settings.references import SPELLING, load_reference
from webapp.web.method_views import handlers_of

GROUP = "latchkey.blueprints"
VARIABLE = "WEBAPP_BLUEPRINTS"


def load_blueprints(names: Iterable[str]) -> list[Blueprint]:
    """The blueprints of WEBAPP_BLUEPRINTS: ``package.module:name``, or the name of an entry point.

    Entry points of installed packages count only if they are named, because loading one runs its code.

    Raises:
        SettingsError: one cannot be imported, or is not a blueprint.
    """
    return [load_blueprint(name) for name in names]


def load_blueprint(name: str) -> Blueprint:
    reference = name if SPELLING.fullmatch(name) else entry_point(name)
    found = load_reference(reference, variable=VARIABLE)
    if not isinstance(found, Blueprint):
        raise SettingsError(f"{VARIABLE} names {name}, which is a {type(found).__name__}, not a Flask Blueprint.")
    return found


def entry_point(name: str) -> str:
    targets = {found.name: found.value for found in entry_points(group=GROUP)}
    if name not in targets:
        hint = (
            f"Installed entry points: {', '.join(sorted(targets))}."
            if targets
            else f"No entry point of {GROUP} is there."
        )
        raise SettingsError(f"{VARIABLE} names {name}, which is neither package.module:name nor an entry point. {hint}")
    return targets[name]


def register_plugins(app: Flask, blueprints: Sequence[Blueprint]) -> None:
    """Register blueprints that the site does not bring itself, and check their routes.

    Their static files are public, as Flask serves them, unless ``guard_blueprint`` says otherwise.

    Raises:
        SettingsError: a name or URL is taken, or a view has neither ``@require`` nor ``@public``.
    """
    urls = dict(shapes(app)) if blueprints else {}
    for blueprint in blueprints:
        before = set(app.view_functions)
        try:
            app.register_blueprint(blueprint)
        except (ValueError, AssertionError) as error:
            raise SettingsError(f"The blueprint {blueprint.name} cannot be registered: {error}") from error
        added = app.view_functions.keys() - before
        for endpoint in added:
            if endpoint.endswith(".static") and requirement_of(app, endpoint) is None:
                app.view_functions[endpoint] = public_files(app.view_functions[endpoint])
        check_access(app, blueprint, sorted(added))
        check_urls(app, blueprint, urls)
        for rule in app.url_map.iter_rules():
            if rule.endpoint in added:
                check_owner(app, rule)
    for name, found in app.blueprints.items():
        check_login_view(app, name, getattr(found, LOGIN_VIEW, None))


def public_files(view: Callable[..., Any]) -> Callable[..., Response]:
    """Flask's view of a static folder as a public one; it is a method, to which no requirement can be attached."""

    @public
    def send(**values: str) -> Response:
        response: Response = view(**values)
        return response

    return send


def check_access(app: Flask, blueprint: Blueprint, endpoints: Iterable[str]) -> None:
    for endpoint in endpoints:
        view = app.view_functions[endpoint]
        try:
            check_rules(view)
        except TypeError as error:
            raise SettingsError(str(error)) from error
        for method, handler in (handlers_of(view) or {"": view}).items():
            name = f"{method} of {endpoint}" if method else endpoint
            if requirement_of(app, endpoint, method) is None:
                raise SettingsError(
                    f"The blueprint {blueprint.name} has a view without an access rule: {name}. "
                    "Write @require() or @public above it, from webapp.guard."
                )
            if not hasattr(handler, MARK) and "principal" in inspect.signature(handler).parameters:
                raise SettingsError(
                    f"The view {name} has a parameter principal, which only @require() above it passes. "
                    "Write that, or use current_principal."
                )


def check_login_view(app: Flask, blueprint: str, login_view: str | None) -> None:
    """Check that the login page of a plug-in's blueprint can be opened without a login.

    Raises:
        SettingsError: nobody who is not logged in could open the login page of a blueprint.
    """
    requirement = requirement_of(app, login_view) if login_view and login_view in app.view_functions else None
    if login_view is not None and (requirement is None or not requirement.is_public):
        raise SettingsError(f"The blueprint {blueprint} has the login page {login_view}, which is not a @public view.")


def check_owner(app: Flask, rule: Rule) -> None:
    """Check that the owner functions of a route accept the variables of its URL.

    Raises:
        SettingsError: an owner function cannot be called with the variables of a URL.
    """
    for route in routes_of(app, rule):
        if route.requirement is None or route.requirement.owner is None:
            continue
        try:
            inspect.signature(route.requirement.owner).bind(**dict.fromkeys(rule.arguments))
        except TypeError as error:
            raise SettingsError(f"The owner function of {route.endpoint} does not fit to {rule}: {error}.") from error


def check_urls(app: Flask, blueprint: Blueprint, urls: dict[tuple[str, str], str]) -> None:
    """Enter the URLs of a blueprint in ``urls``; of two views with one URL, Flask would serve only the first."""
    for (method, path), endpoint in shapes(app):
        if urls.setdefault((method, path), endpoint) != endpoint:
            raise SettingsError(
                f"The blueprint {blueprint.name} has {method} {path}, which {urls[method, path]} serves already."
            )


def shapes(app: Flask) -> Iterable[tuple[tuple[str, str], str]]:
    """Method and URL, with its variables unnamed, and the endpoint of each route."""
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - BY_ITSELF):
            yield (method, re.sub(r"<[^>]*>", "<>", rule.rule)), rule.endpoint
