"""An app that logs its users in here: what it sends, and what it reads in return."""

import base64
import hashlib
import json
import secrets
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import UUID

from flask import Flask
from werkzeug.test import TestResponse

from tests import factories
from tests.browser import Person
from tests.script import Script
from webapp.oauth import clients
from webapp.oauth.clients import NewClient

CALLBACK = "https://wiki.example.org/oidc/callback"
SCOPE = "openid profile email groups offline_access"
ENDPOINTS = (
    "authorize",
    "device_authorization",
    "par",
    "register",
    "token",
    "revoke",
    "introspect",
    "userinfo",
    "end-session",
)
FOR_APPS = {f"/oauth/{name}" for name in ENDPOINTS}
"""Endpoints to which apps post; unknown parameters are ignored there (RFC 6749 §3.1, §3.2)."""


@dataclass
class App:
    """A registered app with its credentials."""

    site: Flask
    client_id: str
    secret: str | None
    redirect_uri: str = CALLBACK
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(32))

    @property
    def client_id_as_uuid(self) -> UUID:
        return UUID(self.client_id)

    @property
    def request(self) -> dict[str, Any]:
        """A valid authorization request."""
        challenge = base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()
        return {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": SCOPE,
            "state": "st-1",
            "nonce": "no-1",
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }

    def url(self, **changed: Any) -> str:
        """The URL of a request; None leaves a parameter out, a list repeats it."""
        given = {name: value for name, value in (self.request | changed).items() if value is not None}
        return f"/oauth/authorize?{urlencode(given, doseq=True)}"

    def authorize(self, person: Person, **changed: Any) -> dict[str, str]:
        """The parameters with which a person who has allowed the app comes back."""
        return self.returned(person.ask("GET", self.url(**changed), headers={"Sec-Fetch-Site": "cross-site"}))

    def returned(self, answer: TestResponse) -> dict[str, str]:
        assert answer.status_code == 303, answer.text[:500]
        location = answer.headers["Location"]
        assert location.startswith(self.redirect_uri), location
        return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}

    def allowed_by(self, person: Person, **changed: Any) -> dict[str, str]:
        """As ``authorize``, for a person who is asked and allows it."""
        person.ask("GET", self.url(**changed), headers={"Sec-Fetch-Site": "cross-site"})
        assert 'name="decision"' in person.page.text, person.page.text[:500]
        sent = {"request": self.url(**changed).partition("?")[2], "decision": "allow", "csrf_token": person.csrf_token}
        return self.returned(person.ask("POST", "/oauth/consent", data=sent, headers={"Sec-Fetch-Site": "none"}))

    def post(self, path: str, headers: dict[str, str] | None = None, **given: Any) -> TestResponse:
        """A request to an endpoint for clients."""
        headers = dict(headers or {})
        if self.secret is not None:
            headers["Authorization"] = "Basic " + b64encode(f"{self.client_id}:{self.secret}".encode()).decode()
        else:
            given = {"client_id": self.client_id, "client_secret": self.secret} | given
        sent = {name: value for name, value in given.items() if value is not None}
        return Script(self.site).post(path, data=sent, headers=headers)

    def redeem(self, code: str, **changed: Any) -> TestResponse:
        given = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": self.verifier,
        }
        return self.post("/oauth/token", **given | changed)

    def refresh(self, token: str, **more: Any) -> TestResponse:
        return self.post("/oauth/token", grant_type="refresh_token", refresh_token=token, **more)

    def log_in(self, person: Person, **changed: Any) -> dict[str, Any]:
        """The tokens for a person who allows the app."""
        tokens: dict[str, Any] = self.redeem(self.allowed_by(person, **changed)["code"]).json
        return tokens


def registered(site: Flask, name: str = "Wiki", redirect_uri: str | None = CALLBACK, **more: Any) -> App:
    with factories.database_of(site).write() as db:
        made = clients.register(
            db, NewClient(name=name, redirect_uris=[redirect_uri] if redirect_uri else [], **more), origin="test"
        )
        return App(site, str(made.client.id), made.secret, redirect_uri or "")


def status(site: Flask, token: str, path: str = "/protected") -> int:
    """What a request with a token is answered."""
    return Script(site, token).get(path).status_code


def tampered(token: str) -> str:
    """The same token for another user, with the signature that it had."""
    head, claims, signature = token.split(".")
    said = json.loads(base64.urlsafe_b64decode(claims + "==")) | {"sub": "other"}
    return f"{head}.{base64.urlsafe_b64encode(json.dumps(said).encode()).rstrip(b'=').decode()}.{signature}"
