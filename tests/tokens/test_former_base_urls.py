"""A site that has moved: tokens that were issued under its former URLs, and what others are answered."""

import pytest

from tests import factories
from tests.dpop_client import JKT, claims_for, proof
from tests.script import Script
from tests.tokens.forged_tokens import claims_of, signed
from webapp.guard.token_grant import TokenGrant

OLD, OLDER, NEW = "https://old.example.org", "http://older.example.org:8000", "https://new.example.org"
MOVED = {"WEBAPP_BASE_URL": NEW, "WEBAPP_FORMER_BASE_URLS": f"{OLD},{OLDER}"}


def token_of(make_app, url, **wanted):
    before = make_app(WEBAPP_BASE_URL=url)
    return factories.api_token(before, factories.user(before, "ada"), **wanted).token


def test_a_token_of_a_former_url_works(make_app):
    token = token_of(make_app, OLD)
    script = Script(make_app(**MOVED), token)
    assert script.get("/protected").status_code == 200
    assert script.get("/protected").status_code == 200


def test_the_default_url_of_former_versions_is_always_a_former_one(make_app):
    token = token_of(make_app, "http://127.0.0.1:8000")
    assert Script(make_app(), token).get("/protected").status_code == 200


def test_a_token_of_an_unlisted_url_is_refused_with_the_new_url(make_app):
    token = token_of(make_app, OLD)
    answer = Script(make_app(WEBAPP_BASE_URL=NEW), token).get("/protected")
    assert (answer.status_code, answer.json["code"]) == (401, "token_invalid")
    assert answer.json["title"] == "This site has moved"
    assert OLD in answer.json["detail"]
    assert NEW in answer.json["detail"]
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


@pytest.mark.parametrize(
    "forged",
    [
        pytest.param({"iss": OLD}, id="a former issuer for the new audience"),
        pytest.param({"aud": OLD}, id="the new issuer for a former audience"),
        pytest.param({"iss": OLD, "aud": OLDER}, id="one former URL for another"),
        pytest.param({"iss": OLD, "aud": "https://reports.example.org"}, id="a former issuer for another service"),
        pytest.param({"iss": f"{OLD}/", "aud": f"{OLD}/"}, id="a former URL in another spelling"),
        pytest.param({"iss": "https://evil.example", "aud": "https://evil.example"}, id="another site"),
    ],
)
def test_issuer_and_audience_are_one_url_of_this_site(make_app, forged):
    app = make_app(**MOVED)
    token = signed(app, claims_of(app, factories.user(app, "ada"), **forged))
    assert Script(app, token).get("/protected").json["code"] == "token_invalid"


def test_only_tokens_signed_by_us_get_the_new_url(make_app):
    token = token_of(make_app, OLD)
    answer = Script(make_app(WEBAPP_BASE_URL=NEW), token[:-6] + "AAAAAA").get("/protected")
    assert OLD not in answer.text


def test_a_proof_can_have_a_former_url(make_app):
    token = token_of(make_app, OLD, grant=TokenGrant(scopes=frozenset({"protected:read"}), jkt=JKT))
    script = Script(make_app(**MOVED))
    for url, status in ((OLD, 200), (NEW, 200), ("https://evil.example", 401)):
        shown = proof(claims_for(token=token, htu=f"{url}/protected"))
        headers = {"Authorization": f"DPoP {token}", "DPoP": shown}
        assert script.get("/protected", headers=headers).status_code == status


def test_inspection_and_introspection_accept_the_former_issuer(make_app):
    token = token_of(make_app, OLD)
    app = make_app(**MOVED)
    asker = factories.api_token(app, factories.user(app, "root", role="super_admin"), "tokens:introspect").token
    found = Script(app, asker).post("/api/auth/introspect", data={"token": token}).json
    assert (found["active"], found["iss"], found["aud"]) == (True, OLD, OLD)
