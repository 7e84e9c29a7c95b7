"""/device: who may allow a device, what they see, and what ends it before the device has its tokens."""

from datetime import timedelta

import jwt
import pytest

from tests import factories
from tests.browser import Person
from tests.oauth.device import SCOPE, later, started, tool
from tests.outbox_mails import mails
from tests.script import Script
from tests.tables import events
from webapp.accounts import lifecycle, user_queries
from webapp.accounts.models import User
from webapp.core.clock import now
from webapp.oauth import clients
from webapp.testing import as_user

UNKNOWN = "No device is waiting for this code."


@pytest.fixture
def command(app):
    """A public app for devices."""
    return tool(app, scopes=["protected:read"])


def test_a_user_enters_the_code_sees_what_the_device_gets_and_allows_it(app, person, command):
    for spelling in (
        str,
        str.lower,
        lambda code: code.replace("-", ""),
        lambda code: f" {code[:3]} {code[3:].lower()} ",
    ):
        device = started(command, scope="openid email offline_access protected:read unknown")
        person.open(f"/device?user_code={device.user_code}")
        assert f'value="{device.user_code}"' in person.page.text
        page = person.press("Continue", user_code=spelling(device.user_code)).text
        for words in (
            "Tool wants access",
            "only if you started this yourself",
            device.user_code,
            "your e-mail address",
        ):
            assert words in page
        assert "Tool has access now" in person.press("Allow", decision="allow").text
        assert "Read your e-mail address" in person.page.text, "the list of apps shows it"
        assert "access_token" in device.poll().json
    assert mails(app)[-1].kind == "device_allowed"
    assert "You allowed the app Tool on another device" in mails(app)[-1].text


def test_it_is_json_too(person, command):
    device, headers = started(command), {"Accept": "application/json"}
    person.open("/device")
    sent = {"user_code": device.user_code, "csrf_token": person.csrf_token}
    said = person.ask("POST", "/device", json=sent, headers=headers).json
    assert (said["app"], said["scopes"], said["requested_from"]) == ("Tool", SCOPE.split(), "10.0.0.7")
    assert person.ask("POST", "/device/decision", json=sent | {"decision": "allow"}, headers=headers).status_code == 204
    assert "access_token" in device.poll().json
    assert person.ask("POST", "/device", json=sent, headers=headers).status_code == 422


def test_who_denies_it_ends_it(app, person, command):
    device = started(command)
    device.shown_to(person)
    assert "The device was not allowed." in person.press("Deny", decision="deny").text
    assert device.error() == "access_denied"
    assert UNKNOWN in device.shown_to(person)
    assert events(app, "app.device-denied")
    assert not events(app, "app.device-allowed")


def test_the_first_of_two_people_decides(app, person, command):
    device, second = started(command), Person(app)
    factories.user(app, "grace")
    second.log_in("grace")
    for one in (person, second):
        device.shown_to(one)
    token = second.csrf_token
    person.press("Allow", decision="allow")
    for decision in ("allow", "deny"):
        sent = {"user_code": device.user_code, "decision": decision, "csrf_token": token}
        answer = second.ask("POST", "/device/decision", data=sent)
        assert answer.status_code == 422
        assert UNKNOWN in answer.text
    claims = jwt.decode(device.poll().json["id_token"], options={"verify_signature": False})
    assert claims["preferred_username"] == "ada"


def test_each_device_is_asked_about_even_for_an_app_of_the_operator(app, person):
    own = tool(app, is_first_party=True)
    for _round in range(2):
        assert "access_token" in started(own).tokens_of(person)


def test_a_visitor_logs_in_first_and_keeps_the_code(visitor, user, command):
    device = started(command)
    visitor.open(f"/device?user_code={device.user_code}")
    assert visitor.page.request.path == "/login"
    visitor.press("Log in", username=user.username, password=factories.PASSWORD)
    assert f'value="{device.user_code}"' in visitor.page.text


def test_an_old_login_is_confirmed_first(person, command):
    device = started(command)
    device.shown_to(person)
    token = person.csrf_token
    with later(minutes=11):
        sent = {"user_code": device.user_code, "decision": "allow", "csrf_token": token}
        assert person.ask("POST", "/device/decision", data=sent).status_code == 401
        person.open("/device")
        assert person.page.request.path == "/confirm"
        person.press("Confirm", password=factories.PASSWORD)
        assert person.page.request.path == "/device"


def test_neither_a_token_nor_another_site_nor_a_frame_decides(app, person, user, command):
    device = started(command)
    script = Script(app, factories.api_token(app, user).token)
    sent = {"user_code": device.user_code, "decision": "allow"}
    for path in ("/device", "/device/decision"):
        answer = script.post(path, data=sent)
        assert (answer.status_code, answer.json["code"]) == (403, "scope_required")
    device.shown_to(person)
    assert "frame-ancestors 'none'" in person.page.headers["Content-Security-Policy"]
    for headers in ({}, {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}):
        assert person.ask("POST", "/device/decision", data=sent, headers=headers).status_code in (400, 403)
    assert device.error() == "authorization_pending"


def test_a_code_that_is_none_is_refused(person, command):
    started(command)
    person.open("/device")
    token = person.csrf_token
    wrong = ["", "x", "AAAA-AAAA", "BCDF-GHJ", "BCDF-GHJKL", "B" * 500, "BCDF\x07GHJK", "ＢCDF-GHJK", "' OR 1=1"]
    for path, typed in [("/device", typed) for typed in wrong] + [("/device/decision", "BCDF-GHJK")]:
        answer = person.ask("POST", path, data={"user_code": typed, "csrf_token": token})
        assert (answer.status_code, "field__error" in answer.text) == (422, True), typed
    for unreadable in (["BCDF-GHJK", "BCDF-GHJL"], "BCDF\x00GHJK"):
        answer = person.ask("POST", "/device", data={"user_code": unreadable, "csrf_token": token})
        assert answer.status_code == 400


@pytest.mark.parametrize(
    ("settings", "tries", "second"), [({}, 10, 200), ({"WEBAPP_LOGIN_TRIES_PER_NETWORK": "6"}, 6, 429)]
)
def test_wrong_codes_are_limited_for_each_user_and_network(make_app, settings, tries, second):
    site = make_app(**settings)
    device, (ada, grace) = started(tool(site)), (Person(site), Person(site))
    for person, name in ((ada, "ada"), (grace, "grace")):
        factories.user(site, name)
        person.log_in(name)
        person.open("/device")
    assert {ada.press("Continue", user_code="BCDF-GHJK").status_code for _try in range(tries)} == {422}
    grace_is_answered = grace.press("Continue", user_code=device.user_code).status_code
    answer = ada.press("Continue", user_code=device.user_code)
    assert (answer.status_code, grace_is_answered) == (429, second)
    assert int(answer.headers["Retry-After"]) > 0


def change(app, what, user):
    with factories.database_of(app).write() as db:
        found, client = user_queries.by_id(db, user.id), clients.by_name_or_id(db, "Tool")
        if what == "user disabled":
            lifecycle.disable(db, found)
        elif what == "user deleted":
            lifecycle.delete(db, found)
        elif what == "roles of the client":
            client.roles = ["admin"]
        elif what == "client disabled":
            client.disabled_at = now()
        elif what == "client removed":
            clients.remove(db, client, origin="test")
        elif what == "client not for devices":
            client.is_for_devices = False
        elif what == "a second factor demanded":
            client.demanded_level = "aal2"


@pytest.mark.parametrize(
    ("what", "error"),
    [
        ("user disabled", "invalid_grant"),
        ("user deleted", "invalid_grant"),
        ("everything ended", "invalid_grant"),
        ("withdrawn", "invalid_grant"),
        ("roles of the client", "invalid_grant"),
        ("a second factor demanded", "invalid_grant"),
        ("client disabled", "invalid_client"),
        ("client removed", "invalid_client"),
        ("client not for devices", "unauthorized_client"),
    ],
)
def test_between_decision_and_tokens_access_ends_with(app, person, user, command, what, error):
    device = started(command)
    device.allowed_by(person)
    if what == "everything ended":
        person.open("/account/security/end-everything")
        person.ask("POST", "/account/security/end-everything", data={"csrf_token": person.csrf_token})
    elif what == "withdrawn":
        assert "no access any more" in person.press("Withdraw access").text
    else:
        change(app, what, user)
    assert device.poll().json["error"] == error
    assert device.poll().json["error"] == error
    if what == "a second factor demanded":
        assert events(app, "app.ended")


def test_a_logout_between_decision_and_tokens_ends_nothing(person, command):
    device = started(command)
    device.allowed_by(person)
    person.press("Log out")
    assert "access_token" in device.poll().json


@pytest.mark.parametrize(
    ("what", "code"), [("client disabled", 422), ("client not for devices", 422), ("roles of the client", 403)]
)
def test_between_code_and_decision_nothing_can_be_allowed_after(app, person, user, command, what, code):
    started(command).shown_to(person)
    change(app, what, user)
    assert person.press("Allow", decision="allow").status_code == code
    assert not events(app, "app.device-allowed")


def test_the_factors_that_settings_demand_are_demanded_before_it(make_app):
    site = make_app(WEBAPP_SECOND_FACTOR_FOR="protected:read")
    client, both = tool(site, scopes=["protected:read"]), "openid protected:read"
    factories.user(site, "ada")
    for amr, scope, is_shown in (("pwd", both, False), ("pwd otp", both, True), ("pwd", "openid", True)):
        code = {"user_code": started(client, scope=scope).user_code}
        for path, sent in (("/device", code), ("/device/decision", code | {"decision": "allow"})):
            answer = as_user(site, "ada", amr=amr).post(path, data=sent, headers={"Accept": "application/json"})
            assert (answer.status_code, "mfa_required" in answer.text) == (
                (200 if path == "/device" else 204, False) if is_shown else (401, True)
            )
    assert len(events(site, "app.device-allowed")) == 2


def test_a_closed_account_is_reopened_first(app, person, user):
    with factories.database_of(app).write() as db:
        db.get_one(User, user.id).closes_at = now() + timedelta(days=7)
    assert person.open("/device").request.path == "/account/close"
