"""Refusals say what was sent instead of a token, and what would be accepted; nothing secret is repeated."""

from base64 import b64decode, b64encode
from datetime import timedelta

import pytest
import time_machine

from tests import factories, restored_site
from tests.login.scripts import NOON, log_in
from tests.script import Script
from webapp.guard.token_grant import TokenGrant

restored, app = restored_site.fixtures()

SECRET = "correct horse battery staple"


def sent(app, header, path="/protected"):
    return Script(app).get(path, headers={"Authorization": header})


def basic(username, password):
    return "Basic " + b64encode(f"{username}:{password}".encode()).decode()


@pytest.mark.parametrize(
    ("header", "code", "words"),
    [
        pytest.param("Bearer", "token_invalid", "variable with the token is empty", id="an empty variable"),
        pytest.param("Bearer ", "token_invalid", "variable with the token is empty", id="an empty variable, a space"),
        pytest.param("DPoP ", "token_invalid", "variable with the token is empty", id="an empty variable after DPoP"),
        pytest.param("", "token_missing", "header is empty", id="an empty header"),
        pytest.param("Token xyzzy", "token_missing", "the scheme `Token`. Send `Authorization: Bearer", id="Token"),
        pytest.param("JWT xyzzy", "token_missing", "the scheme `JWT`", id="JWT"),
        pytest.param("{token}", "token_missing", "a token without a scheme", id="no scheme"),
        pytest.param("lkr_{token}", "token_missing", "a token without a scheme", id="no scheme and a prefix"),
        pytest.param("hunter2-secret", "token_missing", "an unknown scheme", id="something else alone"),
        pytest.param("Bearer lkr_xyzzy", "token_invalid", "This is a refresh token.", id="a refresh token"),
        pytest.param(basic("ada", SECRET), "token_invalid", "not the password of an account", id="a password by Basic"),
        pytest.param(basic("ada", "hunter2"), "token_invalid", "not the password of an account", id="a short password"),
        pytest.param(basic("ada", ""), "token_invalid", "without a password", id="Basic without a password"),
        pytest.param(basic("{token}", ""), "token_invalid", "as the user name", id="a token as user name"),
        pytest.param(basic("{token}", "x"), "token_invalid", "as the user name", id="a token as user name, x"),
    ],
)
def test_a_refusal_says_what_was_sent_and_what_would_be_accepted(app, user, header, code, words):
    token = factories.api_token(app, user).token
    if header.startswith("Basic"):
        header = "Basic " + b64encode(b64decode(header[6:]).replace(b"{token}", token.encode())).decode()
    answer = sent(app, header.replace("{token}", token))
    assert (answer.status_code, answer.json["code"]) == (401, code)
    assert words in answer.json["detail"]
    assert "fix" not in answer.json
    for secret in (token, SECRET, "hunter2", "xyzzy"):
        assert secret not in answer.text + str(answer.headers)


def test_a_right_password_by_basic_is_refused_like_a_wrong_one(app, user):
    right, wrong = (sent(app, basic("ada", word)).json for word in (factories.PASSWORD, "wrong horse battery staple"))
    assert right | {"instance": ""} == wrong | {"instance": ""}


def test_a_network_refusal_names_the_ip_address_it_saw_and_no_other(app, user):
    token = factories.api_token(app, user, grant=grant(networks=("192.0.2.0/24",))).token
    answer = Script(app, token, ip_address="10.0.0.7").get("/protected")
    assert answer.json["required"] == ["network"]
    assert "The request came from the IP address 10.0.0.7." in answer.json["detail"]
    assert "192.0.2" not in answer.text


def test_a_method_refusal_names_the_allowed_methods(app, user):
    token = factories.api_token(app, user, grant=grant(methods=frozenset({"POST", "PUT"}))).token
    answer = Script(app, token).get("/protected")
    assert "It can be used with POST and PUT." in answer.json["detail"]


def test_a_path_refusal_names_the_allowed_paths_and_at_most_ten(app, user):
    few = factories.api_token(app, user, grant=grant(resources=frozenset({"/tokens", "/account"}))).token
    assert "It can be used for /account and /tokens." in Script(app, few).get("/protected").json["detail"]
    paths = frozenset(f"/p{number:02}" for number in range(15))
    many = factories.api_token(app, user, name="many", grant=grant(resources=paths)).token
    assert "/p09 and 5 more." in Script(app, many).get("/protected").json["detail"]


def grant(**restrictions):
    return TokenGrant(scopes=frozenset({"protected:read"}), **restrictions)


def test_an_expired_token_leads_to_the_form_for_another_like_it(app, user):
    with time_machine.travel(NOON, tick=False) as clock:
        issued = factories.api_token(app, user, lifetime=timedelta(days=7))
        clock.shift(timedelta(days=8))
        answer = Script(app, issued.token).get("/protected").json
    assert (answer["code"], answer["fix"].endswith(f"/tokens/new?from={issued.entry.id}")) == ("token_expired", True)


@pytest.mark.parametrize("hours", [2, 24 * 40], ids=["after its overlap", "after its own end"])
def test_a_rotated_token_leads_to_its_successor(app, user, hours):
    with time_machine.travel(NOON, tick=False) as clock:
        issued = factories.api_token(app, user, "self:rotate", "protected:read", lifetime=timedelta(days=30))
        made = Script(app, issued.token).post("/tokens/self/rotate", json={"overlap": 3600}).json
        clock.shift(timedelta(hours=hours))
        answer = Script(app, issued.token).get("/protected").json
    assert (answer["code"], answer["fix"].endswith(f"/tokens/{made['id']}")) == ("token_expired", True)
    assert "It was rotated." in answer["detail"]


def test_an_expired_access_token_of_a_login_leads_to_its_refresh(app, user):
    with time_machine.travel(NOON, tick=False) as clock:
        token = log_in(app)["access_token"]
        clock.shift(timedelta(hours=2))
        answer = Script(app, token).get("/protected").json
    assert (answer["code"], "fix" in answer) == ("token_expired", False)
    assert "POST /api/auth/refresh" in answer["detail"]


def test_a_forged_token_with_the_id_of_another_gets_no_details(app, user):
    with time_machine.travel(NOON, tick=False) as clock:
        issued = factories.api_token(app, user, lifetime=timedelta(days=7))
        clock.shift(timedelta(days=8))
        head, body, signature = issued.token.split(".")
        forged = ".".join((head, body, signature[:-4] + "AAAA"))
        answer = Script(app, forged).get("/protected")
    assert (answer.json["code"], "fix" in answer.json) == ("token_invalid", False)
    assert str(issued.entry.id) not in answer.text
