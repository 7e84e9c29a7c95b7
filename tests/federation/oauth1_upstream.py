"""A provider of OAuth 1.0a that checks every signature with Authlib, and can do one thing wrong at a time."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from authlib.oauth1.rfc5849 import signature
from authlib.oauth1.rfc5849.wrapper import OAuth1Request
from flask import Flask

from tests.federation.oauth2_upstream import as_json
from tests.federation.upstream import CLIENT, SECRET, provided, without_none
from webapp.core.outgoing_http import NotReached, OutgoingResponse
from webapp.federation.models import LoginProvider

ISSUER = "https://old.example.org"
ENDPOINTS = {
    "request_token_endpoint": f"{ISSUER}/request_token",
    "authorization_endpoint": f"{ISSUER}/authorize",
    "token_endpoint": f"{ISSUER}/access_token",
    "userinfo_endpoint": f"{ISSUER}/me?include_email=true&fields=id,name",
}
NAMES = {"sub": "id_str", "preferred_username": "screen_name"}
VERIFIERS: dict[str, Callable[[OAuth1Request], bool]] = {
    "HMAC-SHA1": signature.verify_hmac_sha1,
    "RSA-SHA1": signature.verify_rsa_sha1,
}


@dataclass
class Owner:
    """What Authlib looks up of a client or token."""

    secret: str
    public_key: str = ""

    def get_client_secret(self) -> str:
        return self.secret

    def get_oauth_token_secret(self) -> str:
        return self.secret

    def get_rsa_public_key(self) -> str:
        return self.public_key


@dataclass
class OAuth1Upstream:
    """What it responds; ``answers`` has other responses by path."""

    issuer: str = ISSUER
    method: str = "HMAC-SHA1"
    client: Owner = field(default_factory=lambda: Owner(SECRET))
    user: dict[str, Any] = field(default_factory=lambda: {"id_str": "7", "screen_name": "grace", "name": "Grace"})
    request_token: dict[str, Any] = field(default_factory=dict)
    """Members of the first token response that are another than right; None leaves one out."""
    access_token: dict[str, Any] = field(default_factory=dict)
    parameters: dict[str, Any] = field(default_factory=dict)
    """Parameters of the response to the browser that are another than right."""
    answers: dict[str, Callable[[], OutgoingResponse]] = field(default_factory=dict)
    callbacks: dict[str, str] = field(default_factory=dict)
    """By request token."""
    verifiers: dict[str, str] = field(default_factory=dict)
    """By request token, until it is exchanged."""
    token_secrets: dict[str, str] = field(default_factory=dict)
    nonces: set[str] = field(default_factory=set)
    refused: list[str] = field(default_factory=list)

    def send(
        self, method: str, url: str, *, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> OutgoingResponse:
        """In place of ``OutgoingHttp.send``."""
        path = urlsplit(url).path
        if (other := self.answers.get(path)) is not None:
            return other()
        if path not in ("/request_token", "/access_token", "/me"):
            raise NotReached(f"{url}: the name was not found")
        request = OAuth1Request(method, url, body=None, headers=headers)
        if (reason := self.reason_to_refuse(request)) is not None:
            self.refused.append(reason)
            return OutgoingResponse(401, reason.encode())
        if path == "/request_token":
            return as_form(self.given(request.oauth_params["oauth_callback"]) | self.request_token)
        if path == "/access_token":
            return self.exchanged(request)
        return as_json(without_none(self.user))

    def reason_to_refuse(self, request: OAuth1Request) -> str | None:
        sent = request.oauth_params
        request.client = self.client
        token = sent.get("oauth_token")
        request.credential = Owner(self.token_secrets[token]) if token in self.token_secrets else None
        if sent["oauth_consumer_key"] != CLIENT:
            return "unknown client"
        if token is not None and request.credential is None:
            return "unknown token"
        if sent["oauth_signature_method"] != self.method or not VERIFIERS[self.method](request):
            return "wrong signature"
        if sent["oauth_nonce"] in self.nonces:
            return "used nonce"
        self.nonces.add(sent["oauth_nonce"])
        return None

    def given(self, callback: str) -> dict[str, str]:
        token, secret = secrets.token_urlsafe(), secrets.token_urlsafe()
        self.token_secrets[token], self.callbacks[token] = secret, callback
        return {"oauth_token": token, "oauth_token_secret": secret, "oauth_callback_confirmed": "true"}

    def exchanged(self, request: OAuth1Request) -> OutgoingResponse:
        token = request.oauth_params["oauth_token"]
        # Once: a token that is exchanged is gone.
        if self.verifiers.pop(token, None) != request.oauth_params["oauth_verifier"]:
            self.refused.append("wrong verifier")
            return OutgoingResponse(401, b"wrong verifier")
        new, secret = secrets.token_urlsafe(), secrets.token_urlsafe()
        self.token_secrets[new] = secret
        return as_form({"oauth_token": new, "oauth_token_secret": secret} | self.access_token)

    def authorized(self, url: str) -> dict[str, str]:
        """The parameters with which it sends the browser of a user back who came with this URL."""
        token = dict(parse_qsl(urlsplit(url).query))["oauth_token"]
        callback = dict(parse_qsl(urlsplit(self.callbacks[token]).query))
        self.verifiers[token] = verifier = secrets.token_urlsafe()
        return without_none(callback | {"oauth_token": token, "oauth_verifier": verifier} | self.parameters)


def as_form(content: dict[str, Any], status: int = 200) -> OutgoingResponse:
    return OutgoingResponse(status, urlencode(without_none(content)).encode())


def oauth1_provided(app: Flask, upstream: OAuth1Upstream, **changed: Any) -> LoginProvider:
    """Enter the provider at a site; see ``upstream.provided``."""
    right = {"kind": "oauth1", "scopes": [], "endpoints": ENDPOINTS, "claim_names": NAMES}
    return provided(app, upstream, **right | changed)
