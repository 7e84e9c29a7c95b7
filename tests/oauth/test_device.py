"""The device authorization grant (RFC 8628): from the codes of a device to its tokens."""

import re
from datetime import timedelta

import jwt
import pytest

from tests import dpop_client, factories
from tests.oauth.app import registered, status
from tests.oauth.device import SCOPE, START, Device, later, started, tool
from tests.script import Script
from tests.tables import contents, events
from webapp.core.ratelimit import Limit
from webapp.oauth import device_codes
from webapp.oauth.views import device_authorization
from webapp.testing import as_user


@pytest.fixture
def command(app):
    """A public app for devices."""
    return tool(app, scopes=["protected:read"])


def shown(path, key=dpop_client.KEY):
    """The header with a proof of possession."""
    claims = dpop_client.claims_for("POST", path)
    return {"DPoP": dpop_client.proof(claims, dpop_client.header_of(key), key=key)}


def test_a_device_gets_both_codes_and_only_their_digests_are_stored(app, command):
    answer = command.post(START, scope=SCOPE)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    said, page = answer.json, f"{app.config['BASE_URL']}/device"
    code, device_code = said.pop("user_code"), said.pop("device_code")
    assert re.fullmatch("[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}", code)
    assert len(device_code) >= 43
    complete = f"{page}?user_code={code}"
    assert said == {
        "verification_uri": page,
        "verification_uri_complete": complete,
        "expires_in": 600,
        "interval": 5,
    }
    stored = str(contents(app))
    assert not [secret for secret in (device_code, code, code.replace("-", "")) if secret in stored]


def test_a_device_gets_tokens_of_the_user_who_allowed_it(app, person, user, command):
    device = started(command, scope="openid profile offline_access protected:read unknown")
    assert device.error() == "authorization_pending"
    tokens = device.tokens_of(person)
    assert tokens.keys() == {"access_token", "token_type", "expires_in", "scope", "refresh_token", "id_token"}
    assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 3600)
    assert set(tokens["scope"].split()) == {"openid", "profile", "offline_access", "protected:read"}
    said = jwt.decode(tokens["id_token"], options={"verify_signature": False})
    session = person.ask("GET", "/account/sessions", headers={"Accept": "application/json"}).json["sessions"][0]
    assert (said["sub"], said["aud"], said["acr"], said["amr"]) == (str(user.id), command.client_id, "aal1", ["pwd"])
    assert said["sid"] == session["id"].replace("-", "")
    assert said["auth_time"] <= said["iat"]
    assert status(app, tokens["access_token"]) == 200
    second = command.refresh(tokens["refresh_token"]).json
    assert status(app, second["access_token"], "/oauth/userinfo") == 200
    assert events(app, "app.device-allowed")
    assert events(app, "app.logged-in")


def test_without_offline_access_and_openid_there_is_only_an_access_token(person, command):
    tokens = started(command, scope="protected:read").tokens_of(person)
    assert tokens.keys() == {"access_token", "token_type", "expires_in", "scope"}
    assert tokens["expires_in"] == 3600


def test_a_confidential_app_for_devices_proves_which_it_is(app, person):
    box = registered(app, "Box", None, is_for_devices=True)
    answer = Script(app).post(START, data={"client_id": box.client_id, "scope": "openid"})
    assert (answer.status_code, answer.json["error"]) == (401, "invalid_client")
    assert "access_token" in started(box).tokens_of(person)


def test_an_invalid_request_for_codes_is_refused_without_a_row(app, command, wiki):
    for sent, error in (
        ({"scope": None}, "invalid_scope"),
        ({"scope": ""}, "invalid_scope"),
        ({"scope": "unknown admin:write"}, "invalid_scope"),
        ({"scope": "openid " * 200}, "invalid_scope"),
        ({"scope": ["openid", "email"]}, "invalid_request"),
        ({"scope": "\x00\x07"}, "invalid_scope"),
        ({"client_id": None}, "invalid_client"),
        ({"client_id": ""}, "invalid_client"),
        ({"client_id": "\x00"}, "invalid_client"),
        ({"client_id": "x" * 9000}, "invalid_client"),
        ({"client_secret": "x"}, "invalid_client"),
        ({"client_id": ["a", "a"]}, "invalid_request"),
        ({"headers": {"DPoP": "x"}}, "invalid_dpop_proof"),
    ):
        answer = command.post(START, **{"scope": "openid"} | sent)
        assert (answer.status_code, answer.json["error"]) == (401 if error == "invalid_client" else 400, error), sent
    answer = wiki.post(START, scope="openid")
    assert (answer.status_code, answer.json["error"]) == (400, "unauthorized_client")
    assert contents(app)["oauth_device_code"] == []


def test_a_device_code_belongs_to_its_app(app, person, command, wiki):
    device = started(command)
    for client, error in ((wiki, "unauthorized_client"), (tool(app, "Other"), "invalid_grant")):
        assert Device(client, device.code, device.user_code).error() == error
    for code in (None, "", "x", "x" * 9000, "\x00"):
        assert device.error(device_code=code) == "invalid_grant"
    assert device.error(device_code=["a", "b"]) == "invalid_request"
    assert "access_token" in device.tokens_of(person)


def test_who_polls_too_fast_has_to_wait_five_seconds_longer_each_time(command):
    device, said, moment = started(command), [], 0.0
    for pause in (0, 2, 9.2, 9.2, 5, 14.2):
        moment += pause
        with later(seconds=moment):
            said.append(device.error())
    slow, pending = "slow_down", "authorization_pending"
    assert said == [pending, slow, pending, pending, slow, pending]


def test_polling_does_not_count_as_guessing(make_app):
    site = make_app(WEBAPP_LOGIN_TRIES_PER_NETWORK="3")
    device = started(tool(site))
    for number in range(6):
        with later(seconds=6 * number):
            assert device.error() == "authorization_pending"
    for _number in range(3):
        assert device.error(device_code="wrong") == "invalid_grant"
    answer = device.poll()
    assert (answer.status_code, answer.json["error"]) == (429, "slow_down")
    assert int(answer.headers["Retry-After"]) > 0


def test_a_code_expires_before_and_after_it_was_allowed_and_is_deleted_an_hour_later(app, person, command):
    one, two = started(command), started(command)
    two.allowed_by(person)
    with later(minutes=10, seconds=1):
        assert (one.error(), two.error()) == ("expired_token", "expired_token")
    for minutes, gone in ((60, 0), (71, 2)):
        with later(minutes=minutes), factories.database_of(app).write() as db:
            assert device_codes.purge(db) == gone


def test_a_second_use_of_a_device_code_ends_what_came_of_the_first(app, person, command):
    device = started(command, scope="openid offline_access")
    tokens = device.tokens_of(person)
    assert device.error() == "invalid_grant"
    assert status(app, tokens["access_token"], "/oauth/userinfo") == 401
    assert command.refresh(tokens["refresh_token"]).json["error"] == "invalid_grant"
    assert events(app, "app.device-code-reused")


def test_a_code_that_was_requested_with_a_key_belongs_to_it(person, command):
    device = started(command, shown(START))
    device.allowed_by(person)
    assert device.error() == "invalid_grant"
    assert device.error(headers=shown("/oauth/token", dpop_client.OTHER)) == "invalid_grant"
    assert device.poll(headers=shown("/oauth/token")).json["token_type"] == "DPoP"
    assert started(command).tokens_of(person, headers=shown("/oauth/token"))["token_type"] == "DPoP"


def test_tokens_are_for_one_of_the_services_that_the_user_was_shown(app, person):
    files, mail = "https://files.example.org", "https://mail.example.org"
    command = tool(app, resources=[files, mail])
    assert command.post(START, scope="openid", resource="https://evil.example").json["error"] == "invalid_target"
    device = started(command, resource=[files, mail])
    assert f"Use your account at {files}." in device.shown_to(person)
    person.press("Allow", decision="allow")
    for resource in (None, [files, mail], "https://evil.example", app.config["BASE_URL"]):
        assert device.error(resource=resource) == "invalid_target"
    tokens = device.poll(resource=files).json
    assert jwt.decode(tokens["access_token"], options={"verify_signature": False})["aud"] == files
    assert status(app, tokens["access_token"]) == 401
    tokens = command.refresh(tokens["refresh_token"], resource=mail).json
    assert jwt.decode(tokens["access_token"], options={"verify_signature": False})["aud"] == mail


def test_codes_are_limited_for_each_network_and_client(app, monkeypatch, command):
    few, many = Limit("few", 2, timedelta(minutes=10)), Limit("many", 100, timedelta(minutes=10))
    for network, client in ((few, many), (many, few)):
        monkeypatch.setattr(device_authorization, "OF_NETWORK", network)
        monkeypatch.setattr(device_authorization, "OF_CLIENT", client)
        answers = [command.post(START, scope="openid") for _number in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 429, 429]
        assert int(answers[-1].headers["Retry-After"]) > 0
    assert len(contents(app)["oauth_device_code"]) == 4


def test_with_a_shared_signing_secret_there_is_no_device_grant(make_app):
    site = make_app(WEBAPP_SIGNING_ALGORITHM="HS256", WEBAPP_SIGNING_KEY="Zq3v8LxM2rT7nW0bYc5dKf9hJs1pGuQe")
    factories.user(site, "ada")
    assert Script(site).post(START, data={}).status_code == 404
    assert as_user(site, "ada").get("/device").status_code == 404
