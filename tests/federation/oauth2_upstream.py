"""A provider of OAuth 2 without OpenID Connect, in the manner of GitHub, which can do one thing wrong at a time."""

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from flask import Flask

from tests.federation.upstream import provided, without_none
from webapp.core.outgoing_http import NotReached, OutgoingResponse
from webapp.core.pkce import challenge_of
from webapp.federation.models import LoginProvider

ISSUER = "https://code.example.org"
API = "https://api.code.example.org"
ENDPOINTS = {
    "authorization_endpoint": f"{ISSUER}/authorize",
    "token_endpoint": f"{ISSUER}/token",
    "userinfo_endpoint": f"{API}/user",
    "emails_endpoint": f"{API}/user/emails",
}
NAMES = {"sub": "id", "preferred_username": "login"}
Respond = Callable[[], OutgoingResponse]


def primary(**changed: Any) -> dict[str, Any]:
    return {"email": "grace@example.org", "primary": True, "verified": True, "visibility": None} | changed


@dataclass
class OAuth2Upstream:
    """What it responds; ``answers`` has other responses by path."""

    issuer: str = ISSUER
    user: dict[str, Any] = field(
        default_factory=lambda: {"id": 7, "login": "grace", "name": "Grace", "email": "shown@example.org"}
    )
    emails: Any = field(
        default_factory=lambda: [primary(email="old@example.org", primary=False), primary()],
    )
    tokens: dict[str, Any] = field(default_factory=dict)
    parameters: dict[str, Any] = field(default_factory=dict)
    answers: dict[str, Respond] = field(default_factory=dict)
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    """Method, URL, and form with headers of each request that it got."""
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    given: set[str] = field(default_factory=set)

    def send(
        self, method: str, url: str, *, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> OutgoingResponse:
        """In place of ``OutgoingHttp.send``."""
        sent = dict(parse_qsl((body or b"").decode()))
        self.requests.append((method, url, sent | dict(headers or {})))
        path = urlsplit(url).path
        if (other := self.answers.get(path)) is not None:
            return other()
        if url == ENDPOINTS["token_endpoint"]:
            return as_json(self.token(sent))
        if (headers or {}).get("Authorization", "").removeprefix("Bearer ") not in self.given:
            return as_json({"message": "Bad credentials"}, 401)
        if url == ENDPOINTS["userinfo_endpoint"]:
            return as_json(without_none(self.user))
        if url == ENDPOINTS["emails_endpoint"]:
            return as_json(self.emails)
        raise NotReached(f"{url}: the name was not found")

    def authorized(self, url: str) -> dict[str, str]:
        """The parameters with which it sends the browser of a user back who came with this URL."""
        asked = dict(parse_qsl(urlsplit(url).query))
        code = secrets.token_urlsafe()
        self.codes[code] = asked
        return without_none({"code": code, "state": asked["state"]} | self.parameters)

    def token(self, sent: dict[str, str]) -> dict[str, Any]:
        asked = self.codes.pop(sent["code"])
        assert challenge_of(sent["code_verifier"]) == asked["code_challenge"]
        assert sent["redirect_uri"] == asked["redirect_uri"]
        token = secrets.token_urlsafe()
        self.given.add(token)
        return without_none({"access_token": token, "token_type": "bearer", "scope": "user:email"} | self.tokens)


def as_json(content: Any, status: int = 200) -> OutgoingResponse:
    return OutgoingResponse(status, json.dumps(content).encode())


def oauth2_provided(app: Flask, upstream: OAuth2Upstream, **changed: Any) -> LoginProvider:
    """Enter the provider at a site; see ``upstream.provided``."""
    right = {"kind": "oauth2", "scopes": ["user:email"], "endpoints": ENDPOINTS, "claim_names": NAMES}
    return provided(app, upstream, **right | changed)
