"""The page that inspects a token: claims, signature and access; nothing is stored."""

import json
from datetime import UTC, datetime, timedelta

import jwt as pyjwt
import pytest
import time_machine

from tests import factories
from tests.browser import Person
from tests.tables import contents, events
from tests.tokens.inspect_calls import changed, inspect
from webapp.guard.token_grant import TokenGrant
from webapp.tokens.refresh_secret import first

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_an_own_token_is_shown_with_its_row(person, own):
    answer = inspect(person, own.token)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    told = answer.json
    assert (told["code"], told["signature"], told["token"]["name"]) == (None, "holds", "laptop")
    assert told["summary"][0].startswith("Can read Protected examples until")
    assert {piece["name"] for piece in told["claims"]} >= {"iss", "aud", "sub", "jti", "iat", "exp", "scope"}
    assert all(piece["meaning"] for piece in told["claims"] + told["header"])


def test_the_token_of_another_user_is_shown_only_by_its_claims(person, foreign):
    told = inspect(person, foreign.token, path="/protected").json
    assert (told["token"], told["summary"], told["verdict"], told["code"]) == (None, [], None, None)
    assert "another account" in told["sentence"]
    assert "graces" not in json.dumps(told)


def test_the_page_does_not_show_whether_the_token_of_another_user_was_revoked(person, app, foreign):
    before = inspect(person, foreign.token).json
    grace = Person(app)
    grace.log_in("grace")
    grace.open(f"/tokens/{foreign.entry.id}/revoke")
    grace.press("Revoke")
    assert inspect(person, foreign.token).json == before


@pytest.mark.parametrize(
    ("fields", "allowed", "code"),
    [
        pytest.param({"path": "/protected"}, True, None, id="let in"),
        pytest.param({"path": "/protected?x=1#y"}, True, None, id="whatever the query"),
        pytest.param({"path": "http://localhost/protected"}, True, None, id="as a whole address"),
        pytest.param({"path": "/public"}, True, None, id="where everybody may"),
        pytest.param({"path": "/dashboard"}, False, "scope_required", id="another scope"),
        pytest.param({"path": "/protected/admin"}, False, "role_required", id="another role"),
        pytest.param({"path": "/tokens/new"}, False, "scope_required", id="people alone"),
        pytest.param({"path": "/nowhere"}, False, None, id="nothing there"),
        pytest.param({"path": "/protected", "method": "DELETE"}, False, None, id="not in this way"),
    ],
)
def test_the_result_is_that_of_the_guard(person, own, fields, allowed, code):
    verdict = inspect(person, own.token, **fields).json["verdict"]
    assert (verdict["allowed"], verdict["code"]) == (allowed, code)


def test_restrictions_are_checked_with_the_entered_ip_address(person, app, user):
    bounds = TokenGrant(frozenset({"protected:read"}), methods=frozenset({"GET"}), networks=("10.0.0.0/8",))
    token = factories.api_token(app, user, grant=bounds).token
    inside = inspect(person, token, path="/protected", calling_from="::ffff:10.0.0.7").json["verdict"]
    outside = inspect(person, token, path="/protected", calling_from="192.0.2.1").json["verdict"]
    assert (inside["allowed"], outside["allowed"], outside["code"]) == (True, False, "token_limited")
    assert outside["fix"].endswith("/edit")
    # Where nothing is said, it is asked from here.
    assert inspect(person, token, path="/protected").json["verdict"]["code"] == "token_limited"


def test_missing_permissions_have_a_link_to_the_form_that_adds_them(person, own):
    verdict = inspect(person, own.token, path="/dashboard").json["verdict"]
    person.open(verdict["fix"].removeprefix("http://localhost:8000"))
    assert person.press("Create token").status_code == 201
    assert [step["state"] for step in verdict["steps"]] == ["held", "missing"]


def test_an_expired_token_is_shown_as_expired_with_its_row(app, user):
    with time_machine.travel(NOON, tick=False) as clock:
        person = Person(app)
        person.log_in(user.username)
        token = factories.api_token(app, user, name="laptop", lifetime=timedelta(hours=1)).token
        clock.shift(timedelta(hours=2))
        told = inspect(person, token, path="/protected").json
    assert (told["code"], told["signature"], told["token"]["name"]) == ("token_expired", "holds", "laptop")
    assert told["verdict"]["code"] == "token_expired"


def test_a_revoked_token_is_shown_as_revoked(person, own):
    person.open(f"/tokens/{own.entry.id}/revoke")
    person.press("Revoke")
    told = inspect(person, own.token, path="/protected").json
    assert (told["code"], told["signature"], told["verdict"]["code"]) == ("token_revoked", "holds", "token_revoked")


def test_a_token_with_an_earlier_expiry_in_its_row_is_shown_as_expired(app, user):
    with time_machine.travel(NOON.replace(hour=20), tick=False) as clock:
        person = Person(app)
        person.log_in(user.username)
        issued = factories.api_token(app, user, name="laptop", lifetime=timedelta(days=7))
        person.open(f"/tokens/{issued.entry.id}/edit")
        person.press("Save", expires_on="2026-11-22")
        clock.move_to(NOON + timedelta(hours=12, seconds=1))
        assert inspect(person, issued.token).json["code"] == "token_expired"


def test_an_inspected_token_is_not_stored_or_logged(person, app, own, foreign, logged):
    before, happened = contents(app), len(events(app))
    for token in (own.token, foreign.token, changed(own.token), first()):
        person.open("/tokens/inspect")
        page = person.press("Inspect", token=token, path="/dashboard")
        assert page.status_code == 200
        assert page.headers["Cache-Control"] == "no-store"
        assert token not in page.text
        signature = token[-40:]
        assert signature not in logged()
    assert contents(app) == before
    assert len(events(app)) == happened


def test_a_token_in_the_url_is_not_inspected(person, own):
    assert own.token not in person.open(f"/tokens/inspect?token={own.token}").text


def test_a_pasted_token_is_not_saved_during_a_login(person, app, own):
    person.open("/tokens/inspect")
    form = {"csrf_token": person.csrf_token, "token": own.token, "path": "/protected"}
    person.client.delete_cookie("session")
    before = contents(app)
    page = person.ask("POST", "/tokens/inspect", data=form)
    assert own.token not in page.text
    assert own.token not in str(contents(app))
    assert contents(app).keys() == before.keys()


def test_claims_with_markup_are_escaped(person):
    token = pyjwt.encode({"iss": "<script>alert(1)</script>", "<b>": 1}, "k" * 32, algorithm="HS256")
    person.open("/tokens/inspect")
    page = person.press("Inspect", token=token)
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;" in page.text


def test_a_token_cannot_inspect_tokens(script, own):
    assert script.post("/tokens/inspect", json={"token": own.token}).status_code == 403
