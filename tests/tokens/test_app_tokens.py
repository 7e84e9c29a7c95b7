"""issue_token(): an app issues a token with claims of its own, by the rules of the token page."""

from datetime import timedelta

import jwt
import pytest
from flask import Blueprint

from webapp import testing
from webapp.guard import current_claims, require
from webapp.testing import as_user, clock, with_token
from webapp.tokens.app_tokens import issue_token
from webapp.tokens.claims import InvalidClaims
from webapp.tokens.scopes import ScopeNotHeld

WANTED = {"name": "report", "scopes": ["box:read"], "lifetime": timedelta(days=1)}
ASKED = {}


def blueprint():
    box = Blueprint("box", __name__)
    box.add_url_rule("/issue", "issue", require(scope="")(lambda: issue_token(**ASKED).token), methods=["POST"])
    box.add_url_rule("/claims", "claims", require(scope="box:read")(lambda: dict(current_claims)))
    box.add_url_rule("/admins", "admins", require(scope="box:admin", role="admin")(lambda: "in"))
    return box


@pytest.fixture(scope="module")
def site():
    with testing.app(blueprint()) as site:
        yield site


def issued(site, client=None, **asked):
    ASKED.clear()
    ASKED.update(WANTED | asked)
    return (client or as_user(site, "ada")).post("/issue", headers={"Accept": "*/*"})


def test_its_claims_are_in_this_token_alone(site):
    token = issued(site, claims={"tenant": "north"}).text
    shown = site.test_client().get("/claims", headers={"Authorization": f"Bearer {token}"}).json
    assert (shown["tenant"], shown["scope"]) == ("north", "box:read")
    other = issued(site, name="another").text
    assert "tenant" not in jwt.decode(other, options={"verify_signature": False})


def test_its_headers_are_in_this_token_alone_and_it_works(site):
    token = issued(site, name="with headers", headers={"x-tenant": "north"}).text
    assert jwt.get_unverified_header(token)["x-tenant"] == "north"
    assert site.test_client().get("/claims", headers={"Authorization": f"Bearer {token}"}).status_code == 200
    assert "x-tenant" not in jwt.get_unverified_header(issued(site, name="without headers").text)


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"claims": {"sub": "forged"}}, InvalidClaims),
        ({"claims": {"roles": ["admin"]}}, InvalidClaims),
        ({"claims": {"big": "x" * 1024}}, InvalidClaims),
        ({"claims": {"no": object()}}, InvalidClaims),
        *(
            ({"headers": {name: "x"}}, InvalidClaims)
            for name in ("kid", "alg", "crit", "jku", "X-a", "x-", "x-1", "x-é")
        ),
        *(({"headers": {"x-a": value}}, InvalidClaims) for value in ("a\nb", "x" * 201, 7, None)),
        ({"headers": {f"x-{letter}": "x" for letter in "abcdef"}}, InvalidClaims),
        ({"scopes": ["box:admin"]}, ScopeNotHeld),
        ({"scopes": ["no:such"]}, ScopeNotHeld),
        ({"lifetime": timedelta(days=366)}, ValueError),
        ({"lifetime": timedelta()}, ValueError),
    ],
)
def test_what_would_forge_or_widen_a_token_is_refused(site, monkeypatch, asked, error):
    monkeypatch.setitem(site.config, "PROPAGATE_EXCEPTIONS", True)
    refused = []

    def view():
        with pytest.raises(error) as found:
            issue_token(**WANTED | {"name": "refused"} | asked)
        refused.append(found.value)
        return "", 400

    monkeypatch.setitem(site.view_functions, "box.issue", require(scope="")(view))
    assert as_user(site, "ada").post("/issue").status_code == 400
    assert len(refused) == 1


def test_it_needs_a_session_that_was_confirmed_lately(site):
    token = issued(site, with_token(site, scopes=["box:read"]))
    assert (token.status_code, token.json["code"]) == (403, "scope_required")
    with clock() as time:
        ada = as_user(site, "ada")
        time.shift(timedelta(minutes=11))
        stale = issued(site, ada)
    assert (stale.status_code, stale.json["code"]) == (401, "step_up_required")
