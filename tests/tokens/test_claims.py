"""Claims of your own: registered once, in every token that is minted, and never in the place of ours."""

from datetime import UTC, datetime

import jwt as pyjwt
import pytest

from tests import factories
from tests.script import Script
from tests.tables import contents
from webapp.tokens.claims import LONGEST, REGISTERED, InvalidClaims
from webapp.tokens.issuing import TokenIssuer
from webapp.web.registry import services_of


def claims_of(token):
    return pyjwt.decode(token, options={"verify_signature": False})


def test_additional_claims_are_in_tokens_of_page_and_api(app, user):
    told = []

    @services_of(app).get(TokenIssuer).adds_claims
    def tenant(user_id, scopes):
        told.append((user_id, list(scopes)))
        return {"tenant": "acme", "limits": {"pages": [1, 2]}}

    by_page = factories.api_token(app, user, "protected:read").token
    body = {"username": "ada", "password": factories.PASSWORD, "scope": "protected:read"}
    by_api = Script(app).post("/api/auth", json=body).json["access_token"]
    for token in (by_page, by_api):
        assert claims_of(token)["tenant"] == "acme"
        assert claims_of(token)["limits"] == {"pages": [1, 2]}
        assert Script(app, token).get("/protected").status_code == 200
    assert told == [(user.id, ["protected:read"])] * 2


@pytest.mark.parametrize("name", sorted(REGISTERED))
def test_registered_claims_cannot_be_added(app, user, name):
    services_of(app).get(TokenIssuer).adds_claims(lambda user_id, scopes: {name: "forged"})
    before = contents(app)
    with pytest.raises(InvalidClaims, match=f"must not set the reserved claims {name}"):
        factories.api_token(app, user)
    assert contents(app) == before


def test_every_claim_of_our_tokens_is_registered(app, user):
    assert set(claims_of(factories.api_token(app, user).token)) <= REGISTERED


def test_two_hooks_cannot_add_the_same_claim(app, user):
    for value in (1, 2):
        services_of(app).get(TokenIssuer).adds_claims(lambda user_id, scopes, value=value: {"tenant": value})
    with pytest.raises(InvalidClaims, match="tenant"):
        factories.api_token(app, user)


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"note": "x" * LONGEST}, id="too long"),
        pytest.param({"note": "ü" * (LONGEST // 2)}, id="too long in bytes"),
        pytest.param({"note": object()}, id="no JSON"),
        pytest.param({"note": float("nan")}, id="a number that is none in JSON"),
        pytest.param({"note": datetime.now(UTC)}, id="a moment"),
    ],
)
def test_invalid_claims_create_no_token(app, user, claims):
    services_of(app).get(TokenIssuer).adds_claims(lambda user_id, scopes: claims)
    before = contents(app)
    with pytest.raises(InvalidClaims):
        factories.api_token(app, user)
    assert contents(app) == before


def test_a_failing_hook_is_a_server_error(app, user):
    services_of(app).get(TokenIssuer).adds_claims(lambda user_id, scopes: {"sub": "forged"})
    body = {"username": "ada", "password": factories.PASSWORD}
    answer = Script(app).post("/api/auth", json=body)
    assert answer.status_code == 500
    assert "sub" not in answer.text.replace("urn:", "")
