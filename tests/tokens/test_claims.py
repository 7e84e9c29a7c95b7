"""Claims of your own: registered once, in every token that is minted, and never in the place of ours."""

from datetime import UTC, datetime

import jwt as pyjwt
import pytest

from tests import factories
from tests.script import Script
from tests.tables import contents
from webapp.tokens.claims import LONGEST, REGISTERED, ClaimsUnfit
from webapp.tokens.issuing import TokenIssuer
from webapp.web.registry import services_of


def claims_of(token):
    return pyjwt.decode(token, options={"verify_signature": False})


def test_they_are_in_what_the_page_and_the_api_mint(app, user):
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
def test_what_is_registered_is_not_theirs_to_give(app, user, name):
    services_of(app).get(TokenIssuer).adds_claims(lambda user_id, scopes: {name: "forged"})
    before = contents(app)
    with pytest.raises(ClaimsUnfit, match=f"must not set the reserved claims {name}"):
        factories.api_token(app, user)
    assert contents(app) == before


def test_what_every_token_of_ours_says_is_registered(app, user):
    assert set(claims_of(factories.api_token(app, user).token)) <= REGISTERED


def test_two_hooks_do_not_give_the_same_claim(app, user):
    for value in (1, 2):
        services_of(app).get(TokenIssuer).adds_claims(lambda user_id, scopes, value=value: {"tenant": value})
    with pytest.raises(ClaimsUnfit, match="tenant"):
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
def test_what_does_not_fit_mints_nothing(app, user, claims):
    services_of(app).get(TokenIssuer).adds_claims(lambda user_id, scopes: claims)
    before = contents(app)
    with pytest.raises(ClaimsUnfit):
        factories.api_token(app, user)
    assert contents(app) == before


def test_a_hook_that_fails_is_our_fault_and_not_the_callers(app, user):
    services_of(app).get(TokenIssuer).adds_claims(lambda user_id, scopes: {"sub": "forged"})
    body = {"username": "ada", "password": factories.PASSWORD}
    answer = Script(app).post("/api/auth", json=body)
    assert answer.status_code == 500
    assert "sub" not in answer.text.replace("urn:", "")
