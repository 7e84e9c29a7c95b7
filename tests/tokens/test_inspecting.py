"""A token taken apart: what it says, whether it is ours, where it would be let in; and then it is forgotten."""

import base64
import json
from datetime import UTC, datetime, timedelta

import jwt as pyjwt
import pytest
import time_machine

from tests import factories
from tests.browser import Person
from tests.tables import contents, events
from webapp.guard.authority import Authority
from webapp.tokens.succession import first

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def inspect(person, token, **fields):
    csrf = person.ask("GET", "/login", headers={"Accept": "application/json"}).json["csrf_token"]
    headers = {"Accept": "application/json", "X-CSRF-Token": csrf}
    return person.ask("POST", "/tokens/inspect", json={"token": token} | fields, headers=headers)


def encoded(part):
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


@pytest.fixture
def own(app, user):
    return factories.api_token(app, user, "protected:read", name="laptop")


@pytest.fixture
def foreign(app):
    return factories.api_token(app, factories.user(app, "grace"), name="graces")


def test_ones_own_token_is_told_with_its_row(person, own):
    answer = inspect(person, own.token)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    told = answer.json
    assert (told["code"], told["signature"], told["token"]["name"]) == (None, "holds", "laptop")
    assert told["summary"][0].startswith("Can read Protected examples until")
    assert {piece["name"] for piece in told["claims"]} >= {"iss", "aud", "sub", "jti", "iat", "exp", "scope"}
    assert all(piece["meaning"] for piece in told["claims"] + told["header"])


def test_the_token_of_another_is_told_by_what_it_says_itself_alone(person, foreign):
    told = inspect(person, foreign.token, address="/protected").json
    assert (told["token"], told["summary"], told["verdict"], told["code"]) == (None, [], None, None)
    assert "another account" in told["sentence"]
    assert "graces" not in json.dumps(told)


def test_whether_the_token_of_another_was_revoked_is_not_told(person, app, foreign):
    before = inspect(person, foreign.token).json
    grace = Person(app)
    grace.log_in("grace")
    grace.open(f"/tokens/{foreign.entry.id}/revoke")
    grace.press("Revoke")
    assert inspect(person, foreign.token).json == before


@pytest.mark.parametrize(
    ("fields", "allowed", "code"),
    [
        pytest.param({"address": "/protected"}, True, None, id="let in"),
        pytest.param({"address": "/protected?x=1#y"}, True, None, id="whatever the query"),
        pytest.param({"address": "http://localhost/protected"}, True, None, id="as a whole address"),
        pytest.param({"address": "/public"}, True, None, id="where everybody may"),
        pytest.param({"address": "/dashboard"}, False, "scope_required", id="another scope"),
        pytest.param({"address": "/protected/admin"}, False, "role_required", id="another role"),
        pytest.param({"address": "/tokens/new"}, False, "scope_required", id="people alone"),
        pytest.param({"address": "/nowhere"}, False, None, id="nothing there"),
        pytest.param({"address": "/protected", "method": "DELETE"}, False, None, id="not in this way"),
    ],
)
def test_it_says_what_the_guard_would(person, own, fields, allowed, code):
    verdict = inspect(person, own.token, **fields).json["verdict"]
    assert (verdict["allowed"], verdict["code"]) == (allowed, code)


def test_its_bounds_are_judged_from_where_it_is_said_to_call(person, app, user):
    bounds = Authority(frozenset({"protected:read"}), methods=frozenset({"GET"}), networks=("10.0.0.0/8",))
    token = factories.api_token(app, user, authority=bounds).token
    inside = inspect(person, token, address="/protected", calling_from="::ffff:10.0.0.7").json["verdict"]
    outside = inspect(person, token, address="/protected", calling_from="192.0.2.1").json["verdict"]
    assert (inside["allowed"], outside["allowed"], outside["code"]) == (True, False, "token_limited")
    assert outside["fix"].endswith("/edit")
    # Where nothing is said, it is asked from here.
    assert inspect(person, token, address="/protected").json["verdict"]["code"] == "token_limited"


def test_what_is_missing_comes_with_the_form_that_mends_it(person, own):
    verdict = inspect(person, own.token, address="/dashboard").json["verdict"]
    person.open(verdict["fix"].removeprefix("http://127.0.0.1:8000"))
    assert person.press("Create token").status_code == 201
    assert [step["state"] for step in verdict["steps"]] == ["held", "missing"]


def test_an_expired_token_is_told_as_such_with_its_row(app, user):
    with time_machine.travel(NOON, tick=False) as clock:
        person = Person(app)
        person.log_in(user.username)
        token = factories.api_token(app, user, name="laptop", lifetime=timedelta(hours=1)).token
        clock.shift(timedelta(hours=2))
        told = inspect(person, token, address="/protected").json
    assert (told["code"], told["signature"], told["token"]["name"]) == ("token_expired", "holds", "laptop")
    assert told["verdict"]["code"] == "token_expired"


def test_a_revoked_token_is_told_as_such(person, own):
    person.open(f"/tokens/{own.entry.id}/revoke")
    person.press("Revoke")
    told = inspect(person, own.token, address="/protected").json
    assert (told["code"], told["signature"], told["verdict"]["code"]) == ("token_revoked", "holds", "token_revoked")


def test_a_token_whose_end_was_moved_forward_is_over_though_it_does_not_say_so(app, user):
    with time_machine.travel(NOON.replace(hour=20), tick=False) as clock:
        person = Person(app)
        person.log_in(user.username)
        issued = factories.api_token(app, user, name="laptop", lifetime=timedelta(days=7))
        person.open(f"/tokens/{issued.entry.id}/edit")
        person.press("Save the change", expires_on="2026-11-22")
        clock.move_to(NOON + timedelta(hours=12, seconds=1))
        assert inspect(person, issued.token).json["code"] == "token_expired"


# What is no token of ours.


def unsigned(token, **header):
    claims = pyjwt.decode(token, options={"verify_signature": False})
    return f"{encoded({'typ': 'at+jwt', 'alg': 'none', 'kid': 'x'} | header)}.{encoded(claims)}."


def changed(token):
    head, _, signature = token.split(".")
    claims = pyjwt.decode(token, options={"verify_signature": False}) | {"scope": "admin:write"}
    return f"{head}.{encoded(claims)}.{signature}"


@pytest.mark.parametrize(
    ("forge", "words"),
    [
        pytest.param(lambda _: first(), "refresh token", id="a refresh token"),
        pytest.param(lambda _: "hunter2", "no token of ours", id="a password"),
        pytest.param(lambda _: "a.b.c.d.e", "encrypted", id="an encrypted one"),
        pytest.param(lambda _: "eyJhbGciOiJub25lIn0.e30.", "three parts", id="one without a signature"),
        pytest.param(lambda token: token[:-42], "made here, but", id="one that was cut"),
        pytest.param(changed, "not what was signed", id="one that was changed"),
        pytest.param(lambda token: unsigned(token) + "AA", "not signed at all", id="alg none"),
        pytest.param(lambda token: unsigned(token, alg="NonE") + "AA", "not signed at all", id="alg NonE"),
        pytest.param(lambda _: "x" * 9000, "longer than any", id="one that is too long"),
        pytest.param(
            lambda _: pyjwt.encode({"iss": "https://elsewhere.example", "sub": "x"}, "k" * 32, algorithm="HS256"),
            "https://elsewhere.example, which is not this house",
            id="one from elsewhere",
        ),
        pytest.param(
            lambda _: pyjwt.encode({}, "k" * 32, algorithm="HS256"), "made by nobody", id="one that says nothing"
        ),
        pytest.param(
            lambda token: f"{encoded({'alg': ['ES256'], 'typ': {}, 'kid': 7})}.{token.split('.')[1]}.AAAA",
            "made here, but",
            id="a header of lists and numbers",
        ),
        pytest.param(
            lambda token: f"{token.split('.')[0]}.{encoded({'iss': [], 'exp': '∞', 'jti': None})}.AAAA",
            "not this house",
            id="claims of lists and nulls",
        ),
    ],
)
def test_every_other_text_is_answered_with_a_sentence_that_helps(person, own, forge, words):
    told = inspect(person, forge(own.token), address="/protected")
    assert told.status_code == 200
    assert words in told.json["sentence"]
    assert (told.json["code"], told.json["token"], told.json["signature"] == "holds") == ("token_invalid", None, False)
    assert told.json["verdict"]["allowed"] is False


def test_a_token_of_another_kind_that_we_signed_is_none_to_come_with(person, app, own):
    issuer = app.extensions["issuer"]
    key = issuer.ring.current()
    claims = pyjwt.decode(own.token, options={"verify_signature": False})

    def signed(claims, typ="at+jwt"):
        return pyjwt.encode(claims, key.private, algorithm=key.algorithm, headers={"typ": typ, "kid": key.kid})

    for token, words in (
        (signed(claims, "JWT"), "another kind of token"),
        (signed(claims | {"aud": "https://other.example"}), "for another service"),
        (signed({name: value for name, value in claims.items() if name != "exp"}), "not whole"),
        (signed(claims | {"exp": "never"}), "not whole"),
    ):
        told = inspect(person, token).json
        assert words in told["sentence"], token
        assert (told["code"], told["token"]) == ("token_invalid", None)


def test_a_token_that_we_signed_and_have_no_row_of_is_refused(person, app, own):
    key = app.extensions["issuer"].ring.current()
    claims = pyjwt.decode(own.token, options={"verify_signature": False}) | {"jti": "0" * 32}
    token = pyjwt.encode(claims, key.private, algorithm=key.algorithm, headers={"typ": "at+jwt", "kid": key.kid})
    told = inspect(person, token).json
    assert (told["code"], told["signature"]) == ("token_invalid", "holds")


def test_what_is_copied_along_does_no_harm(person, own):
    for text in (f"  {own.token}\n", f"Bearer {own.token}", f"Authorization: Bearer {own.token}"):
        assert inspect(person, text).json["code"] is None


@pytest.mark.parametrize(
    "fields",
    [
        {"token": ""}, {"token": "x", "address": "protected"}, {"token": "x", "address": "//[", "method": "GET"},
        {"token": "x", "method": "BREW"}, {"token": "x", "address": "/x", "calling_from": "everywhere"},
        {"token": "x", "address": "/" + "x" * 600},
    ],
    ids=str,
)  # fmt: skip
def test_what_cannot_be_asked_is_said_beside_its_field(person, fields):
    assert inspect(person, **fields).status_code == 422


# Forgotten.


def test_nothing_of_it_is_stored_or_logged(person, app, own, foreign, logged):
    before, happened = contents(app), len(events(app))
    for token in (own.token, foreign.token, changed(own.token), first()):
        person.open("/tokens/inspect")
        page = person.press("Inspect it", token=token, address="/dashboard")
        assert page.status_code == 200
        assert page.headers["Cache-Control"] == "no-store"
        assert token not in page.text
        signature = token[-40:]
        assert signature not in logged()
    assert contents(app) == before
    assert len(events(app)) == happened


def test_a_token_in_the_address_is_not_read(person, own):
    assert own.token not in person.open(f"/tokens/inspect?token={own.token}").text


def test_a_pasted_token_is_not_kept_over_a_login(person, app, own):
    person.open("/tokens/inspect")
    form = {"csrf_token": person.csrf_token, "token": own.token, "address": "/protected"}
    person.client.delete_cookie("session")
    before = contents(app)
    page = person.ask("POST", "/tokens/inspect", data=form)
    assert own.token not in page.text
    assert own.token not in str(contents(app))
    assert contents(app).keys() == before.keys()


def test_claims_of_markup_are_shown_as_text(person):
    token = pyjwt.encode({"iss": "<script>alert(1)</script>", "<b>": 1}, "k" * 32, algorithm="HS256")
    person.open("/tokens/inspect")
    page = person.press("Inspect it", token=token)
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;" in page.text


def test_no_token_may_ask(script, own):
    assert script.post("/tokens/inspect", json={"token": own.token}).status_code == 403
