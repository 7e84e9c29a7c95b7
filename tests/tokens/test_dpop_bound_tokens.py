"""A token that is bound to a key when it is made, on the page and by JSON."""

import json

import jwt as pyjwt
import pytest

from tests.dpop_client import JKT, KEY, call, claims_for, jwk_of, proof
from tests.script import Script
from webapp.tokens.snippets import HOLDING_A_KEY

PUBLIC = json.dumps(jwk_of(KEY))


def mint(person, key, **fields):
    person.open("/tokens/new?scopes=protected:read")
    return person.press("Create token", name="bound", key=key, **fields)


def token_in(page):
    return page.text.partition('id="secret"')[2].partition(">")[2].partition("<")[0]


@pytest.mark.parametrize("key", [pytest.param(PUBLIC, id="a JWK"), pytest.param(JKT, id="its thumbprint")])
def test_a_bound_token_works_only_with_a_proof(app, person, key):
    token = token_in(mint(person, key))
    assert pyjwt.decode(token, options={"verify_signature": False})["cnf"] == {"jkt": JKT}
    assert Script(app, token).get("/protected").status_code == 401
    assert call(app, token, proof(claims_for(token=token))).status_code == 200


def test_the_page_shows_a_script_that_can_use_a_bound_token(person):
    page = mint(person, PUBLIC).text
    assert "Python with key" in page
    assert "curl" not in page.partition("Use it")[2].partition("Summary")[0]
    assert "dpop+jwt" in HOLDING_A_KEY


def test_the_summary_says_that_the_token_is_bound(person):
    assert "a proof made with its key" in mint(person, PUBLIC).text


def test_a_token_without_a_key_is_not_bound(app, person):
    assert Script(app, token_in(mint(person, "  "))).get("/protected").status_code == 200


@pytest.mark.parametrize(
    ("key", "words"),
    [
        pytest.param(pyjwt.algorithms.ECAlgorithm.to_jwk(KEY.private), "private key", id="the private key"),
        pytest.param('{"kty": "oct", "k": "c2VjcmV0"}', "public key", id="a secret"),
        pytest.param("my key", "public key", id="words"),
        pytest.param("[]", "public key", id="a list"),
        pytest.param("x" * 3001, "3000", id="no end"),
    ],
)
def test_an_invalid_public_key_is_a_field_error(person, key, words):
    page = mint(person, key)
    assert page.status_code == 422
    assert words in page.text.partition('id="key-error"')[2].partition("</p>")[0]
    assert '<details class="fold" open>' in page.text
