"""Authorization codes that are bound to the key of an app (RFC 9449 §10)."""

import pytest

from tests import dpop_client
from tests.oauth.app import App, registered
from tests.oauth.test_pushed_requests import CROSS_SITE, brings


@pytest.fixture
def wiki(app) -> App:
    return registered(app, is_first_party=True)


def proof(path: str = "/oauth/token", key=dpop_client.KEY) -> dict[str, str]:
    claims = dpop_client.claims_for("POST", path)
    return {"DPoP": dpop_client.proof(claims, dpop_client.header_of(key), key=key)}


def test_a_code_that_is_bound_to_a_key_needs_its_proof(person, wiki):
    for shown, token_type in (
        (proof(), "DPoP"),
        ({}, None),
        (proof(key=dpop_client.OTHER), None),
    ):
        code = wiki.authorize(person, dpop_jkt=dpop_client.JKT)["code"]
        answer = wiki.redeem(code, headers=shown).json
        assert answer.get("token_type") == token_type
        if token_type is None:
            assert answer["error"] == "invalid_grant"
            assert wiki.redeem(code, headers=proof()).json["error"] == "invalid_grant", "it was used up"


def test_a_proof_with_a_pushed_request_binds_the_code(person, wiki):
    for jkt, is_accepted in ((None, True), ("", True), (dpop_client.JKT, True), ("x" * 43, False)):
        answer = wiki.post("/oauth/par", headers=proof("/oauth/par"), **wiki.request | {"dpop_jkt": jkt})
        assert answer.status_code == (201 if is_accepted else 400), jkt
        if is_accepted:
            url = brings(wiki.client_id, answer.json["request_uri"])
            code = wiki.returned(person.ask("GET", url, headers=CROSS_SITE))["code"]
            assert wiki.redeem(code).json["error"] == "invalid_grant"
        else:
            assert answer.json["error"] == "invalid_request"
    shown = proof("/oauth/par")
    assert wiki.post("/oauth/par", headers=shown, **wiki.request).status_code == 201
    for refused in (shown, proof(), {"DPoP": "x"}):
        answer = wiki.post("/oauth/par", headers=refused, **wiki.request)
        assert (answer.status_code, answer.json["error"]) == (400, "invalid_dpop_proof")


def test_what_is_no_thumbprint_is_refused(person, wiki):
    for jkt in ("x", "x" * 44, "+" * 43, "\x00" * 43, [dpop_client.JKT, dpop_client.JKT]):
        assert wiki.authorize(person, dpop_jkt=jkt)["error"] == "invalid_request", jkt
