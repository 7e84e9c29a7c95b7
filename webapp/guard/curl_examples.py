"""What a page offers to those who want the same from a script: a curl line, and the form for the token it takes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import current_app, request, url_for

from webapp.guard.policy import Requirement
from webapp.guard.require import requirement_of
from webapp.web.unproxied import unproxied

# Endpoint of a package above.
MINT = "tokens.new"
WEEK = 7 * 86400


@dataclass(frozen=True, slots=True)
class CurlExample:
    curl: str
    mint_href: str


def curl(url: str) -> str:
    """A line to paste; the token stays in the environment, out of the shell's history."""
    return f'curl -H "Authorization: Bearer $LATCHKEY_TOKEN" \\\n  {url}'


def mint_link(scopes: Sequence[str]) -> str:
    """The token form, filled in: these scopes alone, for seven days."""
    return url_for(MINT, scopes=list(scopes), expires_in=WEEK)


def link_for_another(scopes: Sequence[str], token_id: UUID) -> str:
    """The token form, filled in with these scopes, and all the rest as one of the reader's tokens has it."""
    given: dict[str, Any] = {"scopes": list(scopes), "from": str(token_id)}
    return url_for(MINT, **given)


def curl_example(path: str, scope: str) -> CurlExample:
    return CurlExample(curl(current_app.config["BASE_URL"] + path), mint_link([scope]))


def curl_example_here() -> CurlExample:
    """For the page that is being shown."""
    return curl_example(request.path, asked_here().scope)


def asked_here() -> Requirement:
    """What the guard asked of this request."""
    asked = unproxied(request)
    need = requirement_of(unproxied(current_app), asked.url_rule.endpoint) if asked.url_rule else None
    if need is None:
        raise LookupError("no guarded route")
    return need
