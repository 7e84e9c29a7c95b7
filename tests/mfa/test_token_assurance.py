"""The assurance level needed to create a token: on the page after step-up, by scripts with a code."""

import re
from datetime import UTC, datetime

import jwt as pyjwt
import pytest

from tests import factories
from tests.browser import Person
from tests.script import Script
from tests.second_factors import NAMED, passkey_login, with_app, with_passkey, with_sheet


def test_a_token_for_a_scope_that_requires_a_second_factor_needs_one(make_app):
    app = make_app(**NAMED, WEBAPP_SECOND_FACTOR_FOR="protected:read")
    factories.user(app, "ada")
    person = Person(app)
    person.log_in("ada")
    person.open("/tokens/new")
    answer = person.press("Create token", name="script", scopes="protected:read", expires_in="604800")
    assert (answer.status_code, 'acr_values="aal2"' in answer.headers["WWW-Authenticate"]) == (401, True)
    person.open("/tokens/new")
    assert person.press("Create token", name="script", scopes="profile:read", expires_in="604800").status_code == 201


def test_a_token_states_how_and_when_its_owner_was_authenticated(app, user):
    device, person = with_passkey(app, user), Person(app)
    before = int(datetime.now(UTC).timestamp())
    passkey_login(person, device)
    person.open("/tokens/new")
    page = person.press("Create token", name="script", scopes="profile:read", expires_in="604800").text
    claims = pyjwt.decode(re.search(r"eyJ[\w.-]+", page)[0], options={"verify_signature": False})
    assert (claims["amr"], claims["acr"]) == (["hwk", "user"], "phr")
    assert before <= claims["auth_time"] <= before + 5


def sent(app, **fields):
    return Script(app).post("/api/auth", json={"username": "ada", "password": factories.PASSWORD} | fields)


def test_a_script_with_the_password_only_gets_mfa_required(app, user):
    with_app(app, user)
    with_sheet(app, user)
    answer = sent(app)
    assert (answer.status_code, answer.json["code"]) == (401, "mfa_required")
    assert answer.json["required"] == ["totp", "recovery_code"]
    assert "/tokens/new" in answer.json["fix"]
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_script_logs_in_with_a_code_of_the_app_once(app, user):
    mine = with_app(app, user)
    code = mine.code()
    found = sent(app, code=f"{code[:3]} {code[3:]}")
    claims = pyjwt.decode(found.json["access_token"], options={"verify_signature": False})
    assert (claims["amr"], claims["acr"]) == (["pwd", "otp"], "aal2")
    assert sent(app, code=code).json["code"] == "credentials_invalid"


def test_a_script_logs_in_with_a_recovery_code_once(app, user):
    with_app(app, user)
    codes = with_sheet(app, user)
    assert sent(app, code=codes[0]).status_code == 200
    assert sent(app, code=codes[0]).status_code == 401


def test_a_script_of_a_user_with_only_a_passkey_gets_the_url_of_the_token_page(app, user):
    with_passkey(app, user)
    assert "Create a token in a browser" in sent(app).json["detail"]
    assert sent(app, code="123456").status_code == 401


def test_codes_from_scripts_and_pages_share_one_count(app, user):
    mine = with_app(app, user)
    for _ in range(10):
        assert sent(app, code="000000").status_code == 401
    assert sent(app, code=mine.code()).status_code == 429


def test_a_code_is_ignored_for_a_user_without_a_second_factor(app, user):
    assert sent(app, code="123456").status_code == 200


@pytest.mark.parametrize("code", [1, True, ["1"], {"a": 1}, "x" * 101])
def test_a_malformed_code_is_400(app, user, code):
    assert sent(app, code=code).status_code == 400


def test_a_script_of_a_user_who_must_set_up_a_factor_gets_the_url(strict, admin):
    answer = Script(strict).post("/api/auth", json={"username": "mara", "password": factories.PASSWORD})
    assert (answer.status_code, answer.json["code"], answer.json["required"]) == (401, "mfa_required", [])
    assert "Set one up in a browser" in answer.json["detail"]


def test_a_requested_scope_above_the_level_is_refused_and_left_out_by_default(make_app):
    app = make_app(**NAMED, WEBAPP_SECOND_FACTOR_FOR="protected:read")
    factories.user(app, "ada")
    assert sent(app, scope="protected:read").json["code"] == "mfa_required"
    assert "protected:read" not in sent(app).json["scope"].split()
