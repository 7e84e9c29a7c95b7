"""Tokens of any shape for a running site, under a good signature of its own key: only the shape is at fault."""

import jwt as pyjwt

from tests import factories
from tests.core.forged_tokens import encode
from tests.script import Script
from webapp.core.keys import KeyRing
from webapp.web.registry import services_of


def claims_of(app, owner, **changes):
    """Claims as the site mints them, with a row behind them."""
    found = pyjwt.decode(factories.api_token(app, owner).token, options={"verify_signature": False})
    return found | changes


def signed(app, claims, header=None):
    key = services_of(app).get(KeyRing).current()
    head = {"alg": key.algorithm, "kid": key.kid, "typ": "at+jwt"} | (header or {})
    text = f"{encode(head)}.{encode(claims)}"
    return f"{text}.{encode(pyjwt.get_algorithm_by_name(key.algorithm).sign(text.encode(), key.private))}"


def is_refused(app, token, code="token_invalid"):
    answer = Script(app, token).get("/protected")
    assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")
    assert answer.json["code"] == code
    challenge = f'Bearer realm="Latchkey", error="invalid_token", error_description="{code}"'
    assert answer.headers["WWW-Authenticate"] == challenge
    return True
