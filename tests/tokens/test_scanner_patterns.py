"""Secret scanners find the tokens of this program, and of one site, and no JWTs of other issuers."""

import base64
import json
import re
import tomllib
from datetime import timedelta
from pathlib import Path

import pytest

from tests import factories
from tests.script import Script
from webapp.tokens.issuing import TokenIssuer
from webapp.tokens.scanner_patterns import REFRESH_TOKEN, access_token_pattern
from webapp.web.registry import services_of

DOCS = (Path(__file__).parents[2] / "docs" / "secret-scanning.md").read_text()
HERE, ELSEWHERE = "http://localhost:8000", "https://login.example.org"
KID = "0jzL5E5ZyJ3nKpN1fM8gk2DdW1Y6oTqQwR9vXxCbAaM"


def encoded(value):
    return base64.urlsafe_b64encode(json.dumps(value, separators=(",", ":")).encode()).rstrip(b"=").decode()


def foreign(header):
    claims = {"iss": "https://issuer.example.com/", "sub": "1234567890", "exp": 4102444800, "scope": "read"}
    return f"{encoded(header)}.{encoded(claims)}.{'s' * 86}"


FOREIGN = {
    "RFC 9068 §3": {"typ": "at+JWT", "alg": "RS256", "kid": "RjEwOwOA"},
    "RFC 7519 §3.1": {"typ": "JWT", "alg": "HS256"},
    "Auth0": {"alg": "RS256", "typ": "at+jwt", "kid": KID[:21]},
    "Keycloak": {"alg": "RS256", "typ": "JWT", "kid": KID},
    "Okta": {"kid": KID, "alg": "RS256"},
    "Cognito": {"kid": KID, "alg": "RS256"},
    "Entra ID": {"typ": "JWT", "alg": "RS256", "x5t": KID[:27], "kid": KID[:27]},
    "Google": {"alg": "RS256", "kid": KID[:40].lower(), "typ": "JWT"},
    "Firebase": {"alg": "RS256", "kid": KID[:40].lower(), "typ": "JWT"},
    "Kubernetes": {"alg": "RS256", "kid": KID},
    "GitHub Actions": {"typ": "JWT", "alg": "RS256", "x5t": KID[:27], "kid": KID},
    "GitLab": {"kid": KID, "typ": "JWT", "alg": "RS256"},
    "Supabase": {"alg": "HS256", "kid": KID[:16], "typ": "JWT"},
    "a proof of DPoP": {"alg": "ES256", "typ": "dpop+jwt", "jwk": {"kty": "EC"}},
    "a thumbprint, but another kind": {"alg": "ES256", "kid": KID, "typ": "JWT"},
}


def found(pattern, token):
    """Whether a scanner finds exactly the token in a file."""
    return re.findall(pattern, f'TOKEN="{token}"\n') == [token]


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA", "RS256", "HS256"])
def test_every_token_of_the_site_is_found_and_by_the_pattern_of_another_site_none(make_app, algorithm):
    app = make_app(WEBAPP_SIGNING_ALGORITHM=algorithm, WEBAPP_EXCHANGE_AUDIENCES="https://reports.example.org")
    services_of(app).get(TokenIssuer).adds_claims(lambda _user_id, _scopes: {"a": "claim of a plug-in"})
    user = factories.user(app, "ada")
    script = Script(app, factories.api_token(app, user, "protected:read", lifetime=timedelta(days=1)).token)
    login = Script(app).post("/api/auth", json={"username": "ada", "password": factories.PASSWORD}).json
    exchange = {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "subject_token": script.token,
        "subject_token_type": "urn:ietf:params:oauth:token-type:access_token",
        "audience": "https://reports.example.org",
    }
    exchanged = script.post("/api/auth/exchange", data=exchange).json["access_token"]
    for token in (script.token, login["access_token"], exchanged):
        assert found(access_token_pattern(), token)
        assert found(access_token_pattern(HERE), token)
        assert not found(access_token_pattern(ELSEWHERE), token)
    assert found(REFRESH_TOKEN, login["refresh_token"])


@pytest.mark.parametrize("header", FOREIGN.values(), ids=FOREIGN)
def test_no_jwt_of_another_issuer_is_found(header):
    assert not found(access_token_pattern(), foreign(header))
    assert not found(REFRESH_TOKEN, foreign(header))


def test_with_the_same_header_another_issuer_is_told_apart_by_the_pattern_of_the_site():
    token = foreign({"alg": "ES256", "kid": KID, "typ": "at+jwt"})
    assert found(access_token_pattern(), token)
    assert not found(access_token_pattern(HERE), token)


@pytest.mark.parametrize("url", [f"https://{'x' * length}.example" for length in range(1, 5)])
def test_urls_of_every_length_are_found_wherever_their_encoding_ends(url):
    claims = {"iss": url, "aud": url, "sub": "1234567890"}
    token = f"{encoded({'alg': 'ES256', 'kid': KID, 'typ': 'at+jwt'})}.{encoded(claims)}.{'s' * 86}"
    assert found(access_token_pattern(url), token)


def test_the_documented_patterns_are_these():
    (configuration,) = re.findall(r"```toml\n(.*?)```", DOCS, re.DOTALL)
    assert [rule["regex"] for rule in tomllib.loads(configuration)["rules"]] == [access_token_pattern(), REFRESH_TOKEN]
    assert f"\n    {access_token_pattern()}\n" in DOCS
    assert f"\n    {REFRESH_TOKEN}\n" in DOCS
