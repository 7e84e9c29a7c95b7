"""An identity provider in this process, which can do one thing wrong at a time."""

import hashlib
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit
from uuid import UUID, uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask
from werkzeug.test import TestResponse

from tests import factories
from tests.browser import Person
from tests.federation.signing import Signing, base64url, compact, with_key
from webapp.accounts.models import User
from webapp.core.clock import now
from webapp.core.outgoing_http import NotReached, OutgoingResponse
from webapp.federation import linking, providers
from webapp.federation.models import LoginProvider
from webapp.federation.provider_identity import ProviderIdentity
from webapp.federation.provider_logins import ProviderLogins
from webapp.federation.providers import ProviderEncryptor
from webapp.settings import Settings
from webapp.web.registry import services_of

ISSUER = "https://id.example.org"
CLIENT, SECRET = "latchkey", "s3cret:with/signs"
FOR_PROVIDERS = {"/login/with/<slug>/backchannel-logout"}
"""Endpoints to which providers post."""
FROM_OUTSIDE = {"Sec-Fetch-Site": "cross-site"}


def grace() -> dict[str, Any]:
    return {"sub": "u-1", "email": "grace@example.org", "email_verified": True, "name": "Grace"}


def as_they_are(claims: dict[str, Any]) -> dict[str, Any]:
    return claims


@dataclass
class Upstream:
    """What it responds; ``change`` alters the response of one URL path, the claims or the header of the ID token."""

    issuer: str = ISSUER
    claims: dict[str, Any] = field(
        default_factory=lambda: {"sub": "u-1", "email": "grace@example.org", "name": "Grace"}
    )
    userinfo: dict[str, Any] = field(default_factory=dict)
    id_claims: dict[str, Any] = field(default_factory=dict)
    """Claims of the ID token that are another than right; None leaves one out."""
    rewrite: Callable[[dict[str, Any]], dict[str, Any] | str] = as_they_are
    """Writes these claims in another way."""
    header: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    tokens: dict[str, Any] = field(default_factory=dict)
    """Members of the token response that are another than right; None leaves one out."""
    parameters: dict[str, Any] = field(default_factory=dict)
    """Parameters of the response to the browser that are another than right; None leaves one out."""
    answers: dict[str, Callable[[], OutgoingResponse]] = field(default_factory=dict)
    """Other responses, by path."""
    key: Any = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    signs_with: Signing | None = None
    """In place of its key."""
    algorithm: str = "ES256"
    kid: str | None = "k1"
    jwks: dict[str, Any] | None = None
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    """Method, path and form of each request that it got."""
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def send(
        self, method: str, url: str, *, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> OutgoingResponse:
        """In place of ``OutgoingHttp.send``."""
        parts = urlsplit(url)
        self.requests.append((method, parts.path, dict(parse_qsl((body or b"").decode())) | dict(headers or {})))
        if (other := self.answers.get(parts.path)) is not None:
            return other()
        if f"{parts.scheme}://{parts.netloc}" != self.issuer:
            raise NotReached(f"{parts.netloc}: the name was not found")
        known = {
            "/.well-known/openid-configuration": self.discovery,
            "/keys": self.keys,
            "/token": self.token,
            "/userinfo": self.user,
        }
        return OutgoingResponse(200, json.dumps(known[parts.path]()).encode())

    def discovery(self) -> dict[str, Any]:
        right = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "jwks_uri": f"{self.issuer}/keys",
            "authorization_response_iss_parameter_supported": True,
        }
        return without_none(right | self.metadata)

    def keys(self) -> dict[str, Any]:
        public = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(self.key.public_key()))
        named = {"kid": self.kid} if self.kid is not None else {}
        return self.jwks if self.jwks is not None else {"keys": [public | named]}

    def authorized(self, url: str) -> dict[str, str]:
        """The parameters with which it sends the browser of a user back who came with this URL."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        code = secrets.token_urlsafe()
        self.codes[code] = asked
        return without_none({"code": code, "state": asked["state"], "iss": self.issuer} | self.parameters)

    def token(self) -> dict[str, Any]:
        sent = self.requests[-1][2]
        asked = self.codes.pop(sent["code"])
        verifier = hashlib.sha256(sent["code_verifier"].encode()).digest()
        assert base64url(verifier) == asked["code_challenge"]
        assert sent["redirect_uri"] == asked["redirect_uri"]
        access_token = secrets.token_urlsafe()
        right = {
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": 60,
            "id_token": self.id_token(asked, access_token),
        }
        return without_none(right | self.tokens)

    def id_token(self, asked: dict[str, str], access_token: str) -> str:
        half = hashlib.sha256(access_token.encode()).digest()[:16]
        right = {
            "iss": self.issuer,
            "sub": self.claims["sub"],
            "aud": CLIENT,
            "iat": int(now().timestamp()),
            "exp": int(now().timestamp()) + 300,
            "nonce": asked["nonce"],
            "at_hash": base64url(half),
        } | ({"auth_time": int(now().timestamp())} if "max_age" in asked else {})
        header = without_none({"alg": self.algorithm, "typ": "JWT", "kid": self.kid} | self.header)
        claims = without_none(right | self.id_claims)
        return compact(header, self.rewrite(claims), self.signs_with or with_key(self.algorithm, self.key))

    def user(self) -> dict[str, Any]:
        return without_none(self.claims | self.userinfo)


def without_none(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def provided(
    app: Flask, upstream: Upstream, *, slug: str = "acme", issuer: str | None = None, **changed: Any
) -> LoginProvider:
    """Enter the provider at a site, and let the site reach it."""
    reached(app, upstream)
    return entered(app, issuer or upstream.issuer, slug=slug, **changed)


def entered(app: Flask, issuer: str, *, slug: str = "acme", secret: str = SECRET, **changed: Any) -> LoginProvider:
    """Enter a provider at a site."""
    services = services_of(app)
    row = LoginProvider(
        id=uuid4(),
        slug=slug,
        name="Acme",
        kind="oidc",
        issuer=issuer,
        client_id=CLIENT,
        scopes=["openid", "profile", "email"],
        created_at=now(),
        account_policy="open",
        email_domains=["example.org"],
    )
    for name, value in changed.items():
        setattr(row, name, value)
    row.client_secret = services.get(ProviderEncryptor).seal(secret.encode(), belongs_to=str(row.id))
    with factories.database_of(app).write() as db:
        db.add(row)
    return row


def reached(app: Flask, upstream: Upstream) -> ProviderLogins:
    """Let the site reach the provider, whose metadata and keys it does not know yet."""
    services = services_of(app)
    made = ProviderLogins(services.get(Settings).secret_key, upstream, at_once=2)
    services.replace(ProviderLogins)(made)
    return made


def linked(app: Flask, user: User, subject: str = "u-1") -> UUID:
    """Link an identity of the provider ``acme`` to an account, and enter the provider if it is not there."""
    with factories.database_of(app).read() as reading:
        row = providers.by_slug(reading, "acme")
    row = row or provided(app, Upstream())
    identity = ProviderIdentity(row.issuer, subject, email=f"{subject}@example.org")
    with factories.database_of(app).write() as db:
        return linking.create(db, row, identity, db.get_one(User, user.id), way="account").id


def leave(person: Person, path: str = "/login/with/acme") -> str:
    """The URL to which the site sends a person."""
    answer = person.ask("GET", path)
    assert answer.status_code == 303, answer.text[:500]
    return answer.headers["Location"]


def come_back(person: Person, parameters: dict[str, str], *, slug: str = "acme") -> TestResponse:
    """The response to a person whom the provider sends back."""
    return person.ask("GET", f"/login/with/{slug}/callback?{urlencode(parameters)}", headers=FROM_OUTSIDE)


def log_in(person: Person, upstream: Upstream, path: str = "/login/with/acme") -> TestResponse:
    return come_back(person, upstream.authorized(leave(person, path)))
