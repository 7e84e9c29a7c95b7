"""curl commands shown on pages, and links to the form for a token with the scope they need."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import current_app, request, url_for
from flask.globals import request_ctx

from webapp.guard.policy import Requirement
from webapp.guard.require import requirement_of
from webapp.web.unproxied import unproxied

# An endpoint of a higher layer.
MINT = "tokens.new"
WEEK = 7 * 86400


@dataclass(frozen=True, slots=True)
class CurlExample:
    curl: str
    mint_href: str


def curl(url: str) -> str:
    """A curl command that takes the token from an environment variable, so that it is not in the shell history."""
    return f'curl -H "Authorization: Bearer $LATCHKEY_TOKEN" \\\n  {url}'


def mint_link(scopes: Sequence[str], page: str) -> str:
    """URL of the form for a new token, filled in with these scopes and an expiry of 7 days.

    Args:
        page: URL rule of the page that the link is on, for the preset that reads one page.
    """
    return url_for(MINT, scopes=list(scopes), expires_in=WEEK, page=page)


def link_for_another(scopes: Sequence[str], token_id: UUID) -> str:
    """URL of the form for a new token, filled in with these scopes and the other values of an existing token."""
    query: dict[str, Any] = {"scopes": list(scopes), "from": str(token_id)}
    return url_for(MINT, **query)


def curl_example(path: str, requirement: Requirement, rule: str | None = None) -> CurlExample:
    """The curl example for a path, with a link to create a token with the scopes of its requirement.

    Args:
        rule: URL rule of its route; None if that is the path itself.
    """
    link = mint_link(requirement.scopes.sufficient(), page=rule or path)
    return CurlExample(curl(current_app.config["BASE_URL"] + path), link)


def curl_example_here() -> CurlExample:
    """The curl example for the current page."""
    rule = request.url_rule
    return curl_example(request.path, current_requirement(), rule.rule if rule else None)


def current_requirement() -> Requirement:
    """The requirement of the current route.

    Raises:
        LookupError: the route has none.
    """
    context = unproxied(request_ctx)
    rule = context.request.url_rule
    requirement = requirement_of(context.app, rule.endpoint, context.request.method) if rule else None
    if requirement is None:
        raise LookupError("no guarded route")
    return requirement
