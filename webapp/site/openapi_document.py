"""The OpenAPI document of all routes: requirements, parameters and responses."""

import inspect
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from webapp.core.humanize import humanize
from webapp.guard.policy import Requirement
from webapp.guard.routes import Route
from webapp.web.api_schema import Contract, contract_of
from webapp.web.csrf import is_change
from webapp.web.known_fields import known_names
from webapp.web.method_views import handler_of
from webapp.web.openapi import ApiInfo, Operation, document

View = Callable[..., Any]
# What is known of a view without @responds: that it answers.
WAYS = "bearer", "dpop", "basic"
"""Security schemes of a token."""
UNDESCRIBED = Contract(answer=str, form=None, query=None, status=200, has_location=False, kind="*/*", refuses=())

ABOUT = """\
Every page is also an endpoint for scripts. Send `Accept: application/json` or no `Accept` header: a form that is posted
without asking for JSON gets an HTML page as response.

Scripts send a token from `POST /api/auth` or from the API tokens page. When a request has a token, cookies are
ignored. Endpoints that need a session take the cookie of `POST /login`, and for each change the CSRF token of
`GET /login`.
"""


def schemes(cookie: str, token_cookie: str | None) -> dict[str, Any]:
    """Security schemes.

    Args:
        cookie: name of the session cookie.
        token_cookie: name of the token cookie; None if tokens in cookies are not enabled.
    """
    found: dict[str, Any] = {
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "An API token (RFC 9068).",
        },
        "dpop": {
            "type": "http",
            "scheme": "dpop",
            "description": "An API token bound to a key, with a proof in the `DPoP` header (RFC 9449).",
        },
        "basic": {
            "type": "http",
            "scheme": "basic",
            "description": "For clients that only know passwords: the API token as the password, any user name.",
        },
        "session": {"type": "apiKey", "in": "cookie", "name": cookie, "description": "Session cookie."},
        "csrf": {
            "type": "apiKey",
            "in": "header",
            "name": "X-CSRF-Token",
            "description": "Sent with the session cookie for every change. Forms can send it as `csrf_token` instead.",
        },
    }
    if token_cookie:
        words = "An API token in a cookie; `X-CSRF-Token` is the `csrf_token` that came with it."
        found["tokenCookie"] = {"type": "apiKey", "in": "cookie", "name": token_cookie, "description": words}
    return found


def describe(
    name: str,
    url: str,
    *,
    cookie: str,
    token_cookie: str | None,
    routes: Iterable[Route],
    views: Mapping[str, View],
    own: Collection[str],
    authenticators: dict[str, dict[str, str]],
) -> dict[str, Any]:
    """The document of all views with ``@responds``, and of every guarded view that a plug-in brings.

    Args:
        own: names of the site's blueprints, whose views without ``@responds`` are pages with forms.
        authenticators: security schemes of plug-ins, by name.
    """
    found = list(routes)
    info = ApiInfo(name, url, ABOUT, schemes(cookie, token_cookie) | authenticators, {"scopes": scopes(found)})
    ways = *WAYS, *authenticators
    return document(info, list(operations(found, views, own, ways=ways, in_cookie=token_cookie is not None)))


def scopes(routes: Iterable[Route]) -> list[str]:
    """All scopes, with the default ``resources:read``."""
    needs = [route.requirement for route in routes if route.requirement is not None]
    return sorted(
        {
            name
            for requirement in [Requirement(), *needs]
            if not requirement.session
            for name in requirement.scopes.names
        }
    )


def operations(
    routes: Iterable[Route],
    views: Mapping[str, View],
    own: Collection[str],
    *,
    ways: Sequence[str] = WAYS,
    in_cookie: bool,
) -> Iterator[Operation]:
    every = list(routes)
    methods: Counter[tuple[str, str]] = Counter()
    for route in every:
        methods[route.endpoint, route.path] += len(route.methods)
    id_counts: Counter[str] = Counter()
    for route in every:
        for method in route.methods:
            view = handler_of(views[route.endpoint], method)
            contract = contract_of(view)
            if contract is None and route.endpoint.partition(".")[0] not in own and not is_static(route):
                contract = UNDESCRIBED
            if contract is not None and route.requirement is not None:
                found = operation(route, method, route.requirement, view, contract, ways=ways, in_cookie=in_cookie)
                if methods[route.endpoint, route.path] > 1:
                    found = replace(found, id=f"{found.id}.{method.lower()}")
                id_counts[found.id] += 1
                yield found if id_counts[found.id] == 1 else replace(found, id=f"{found.id}.{id_counts[found.id]}")


def is_static(route: Route) -> bool:
    return route.endpoint.rpartition(".")[2] == "static"


def operation(
    route: Route,
    method: str,
    requirement: Requirement,
    view: View,
    contract: Contract,
    *,
    ways: Sequence[str],
    in_cookie: bool,
) -> Operation:
    summary, _, rest = (inspect.getdoc(view) or "").partition("\n")
    return Operation(
        id=route.endpoint,
        method=method,
        rule=route.path,
        tag=tag_name(route.endpoint.partition(".")[0]),
        summary=summary.rstrip(".") or humanize(route.endpoint.rpartition(".")[2]).capitalize(),
        description=rest.strip(),
        security=ways_in(requirement, is_change=is_change(method), ways=ways, in_cookie=in_cookie),
        by_session=route.by_session,
        by_token=route.by_token,
        refusals=refusals(requirement, route.path, view, contract, is_change=is_change(method)),
        contract=contract,
    )


def tag_name(name: str) -> str:
    words = name.replace("_", " ").capitalize()
    return re.sub(r"\bapi\b", "API", words, flags=re.IGNORECASE)


def ways_in(
    requirement: Requirement, *, is_change: bool, ways: Sequence[str] = WAYS, in_cookie: bool = False
) -> list[dict[str, list[str]]]:
    """Security requirements of a route: alternatives, with the scope for tokens."""
    session: dict[str, list[str]] = {"session": [], "csrf": []} if is_change else {"session": []}
    if requirement.is_public:
        return [session] if is_change and requirement.reads_cookies else []
    by_token: list[dict[str, list[str]]] = [{way: scopes} for way in ways for scopes in requirement.scopes.ways()]
    if in_cookie and requirement.reads_cookies:
        csrf: dict[str, list[str]] = {"csrf": []} if is_change else {}
        by_token += [{"tokenCookie": scopes} | csrf for scopes in requirement.scopes.ways()]
    found = [session] if requirement.session else [*by_token, session] if requirement.reads_cookies else by_token
    return [*found, {}] if requirement.is_optional and not is_change else found


def refusals(requirement: Requirement, rule: str, view: View, contract: Contract, *, is_change: bool) -> set[int]:
    """Status codes of refusals by the guard, by ``known_fields`` and by the view."""
    found = set(contract.refuses)
    if not requirement.is_public or requirement.is_anonymous_only or (is_change and requirement.reads_cookies):
        found |= {401, 403, 503}
    if is_change:
        found |= {400, 413, 415, 503} | ({422} if known_names(view).fields is not None else set())
    if known_names(view).parameters:
        found |= {400}
    if "<" in rule:
        found |= {404}
    return found
