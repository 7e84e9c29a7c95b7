"""Logins by passkey that are refused: forged, repeated and late answers, and other input."""

import json
from datetime import timedelta

import pytest
import time_machine

from tests import factories
from tests.browser import Person
from tests.outbox_mails import mails
from tests.passkey import Authenticator, b64
from tests.second_factors import JSON, is_in, options, passkey_login, stored, with_passkey
from tests.tables import contents, events
from webapp.core.clock import now
from webapp.core.db import Database
from webapp.core.ratelimit import Limiter
from webapp.web.registry import services_of

OPTIONS = "/login/passkey"


@pytest.fixture
def device(app, user) -> Authenticator:
    return with_passkey(app, user)


def send(person, response):
    person.open("/login")
    return person.press("Use a passkey", response=response)


def refused(app, answer):
    person = Person(app)
    response = send(person, answer(person))
    assert response.status_code == 422
    assert not is_in(person)
    return response


@pytest.mark.parametrize(
    "lie",
    [
        pytest.param({"origin": "http://evil.example"}, id="another origin"),
        pytest.param({"rp_id": "evil.example"}, id="another relying party"),
        pytest.param({"verifies_user": False}, id="its device verified nobody"),
        pytest.param({"key": Authenticator().key}, id="a wrong signature"),
        pytest.param({"credential_id": b"x" * 32}, id="an unknown credential"),
        pytest.param({"user_handle": b"\0" * 16}, id="the handle of another"),
    ],
)
def test_a_forged_assertion_is_refused_and_changes_nothing(app, device, lie):
    for name, value in lie.items():
        setattr(device, name, value)
    before = contents(app)
    assert (
        "work. Try again, or log in another way"
        in refused(app, lambda person: device.show(options(person, OPTIONS))).text
    )
    assert contents(app) == before


def test_an_assertion_works_once(app, device):
    person = Person(app)
    person.open("/login")
    page = person.page
    answer = device.show(options(person, OPTIONS))
    person.page = page
    before = person.cookie
    person.press("Use a passkey", response=answer)
    assert is_in(person)
    thief = Person(app)
    thief.client.set_cookie("session", before)
    assert send(thief, answer).status_code == 422
    assert not is_in(thief)


def test_an_assertion_without_counter_works_once_too(app, user):
    device = with_passkey(app, user, is_synced=True)
    person = Person(app)
    person.open("/login")
    page = person.page
    answer = device.show(options(person, OPTIONS))
    person.page, before = page, person.cookie
    person.press("Use a passkey", response=answer)
    thief = Person(app)
    thief.client.set_cookie("session", before)
    assert send(thief, answer).status_code == 422


def test_a_wrong_answer_uses_up_the_challenge(app, device):
    person = Person(app)
    asked = options(person, OPTIONS)
    device.verifies_user = False
    send(person, device.show(asked))
    device.verifies_user = True
    assert send(person, device.show(asked)).status_code == 422
    assert not is_in(person)


def test_a_challenge_expires_after_five_minutes(app, device):
    with time_machine.travel(now(), tick=False) as clock:
        person = Person(app)
        asked = options(person, OPTIONS)
        clock.shift(timedelta(minutes=5))
        assert send(person, device.show(asked)).status_code == 422


def test_a_challenge_of_another_browser_is_refused(app, device):
    other = Person(app)
    asked = options(other, OPTIONS)
    refused(app, lambda _: device.show(asked))


def test_a_challenge_for_another_purpose_is_refused(app, user, device):
    person = Person(app)
    person.log_in("ada")
    asked = options(person, "/login/second-step/passkey")
    person.open("/login")
    assert person.press("Use a passkey", response=device.show(asked)).status_code == 422
    assert not is_in(person)


def test_a_counter_that_went_back_is_refused_mailed_and_recorded(app, user, device):
    passkey_login(Person(app), device)
    device.count = 0
    answer = refused(app, lambda person: device.show(options(person, OPTIONS)))
    assert "may have been copied" in answer.text
    assert "may have been copied" in next(m.subject for m in mails(app) if m.kind == "passkey_copied")
    assert len(events(app, "passkey.copied")) == 1
    assert stored(app, user)[0].sign_count == 1


def test_a_forged_counter_sends_no_mail(app, device):
    passkey_login(Person(app), device)
    device.count, device.key = 0, Authenticator().key
    refused(app, lambda person: device.show(options(person, OPTIONS)))
    assert not events(app, "passkey.copied")
    assert not mails(app)


def test_the_passkey_of_a_disabled_user_is_refused(app, user, device):
    with services_of(app).get(Database).write() as db:
        db.get_one(type(user), user.id).disabled_at = now()
    refused(app, lambda person: device.show(options(person, OPTIONS)))


def test_a_user_with_an_unverified_email_address_is_redirected_to_verify_it(app, user, device):
    with services_of(app).get(Database).write() as db:
        db.get_one(type(user), user.id).verification_required_at = now()
    person = Person(app)
    assert passkey_login(person, device).request.path.startswith("/verify")
    assert not is_in(person)


@pytest.mark.parametrize(
    "response",
    [
        *("", "x", "{}", "[]", "null", "1", '"', "\x01", "é" * 100, "{" * 1000, "[" * 9000, "x" * 20_000, "x" * 20_001),
        json.dumps({"id": "a", "rawId": "a", "type": "public-key", "response": {}}),
        json.dumps({"id": b64(b"a"), "rawId": b64(b"a"), "type": "public-key", "response": {"clientDataJSON": "e30"}}),
    ],
    ids=lambda value: f"{value[:12]!r} of {len(value)}",
)
def test_a_malformed_answer_is_422(app, device, response):
    assert refused(app, lambda _: response)


def test_a_body_of_64_kilobytes_is_too_large(app, device):
    person = Person(app)
    person.open("/login")
    assert person.press("Use a passkey", response="x" * 65_536).status_code == 413


@pytest.mark.parametrize("body", [[], "x", 1, None, {"response": {}}, {"response": ["a", "b"]}, {"response": 1}])
def test_json_of_another_shape_is_400_or_422(app, body):
    person = Person(app)
    token = person.ask("GET", "/login", headers=JSON).json["csrf_token"]
    answer = person.ask("POST", OPTIONS, json=body, headers=JSON | {"X-CSRF-Token": token})
    assert answer.status_code in (400, 401, 422)


@pytest.mark.parametrize("sender", ["none", "same-site", "cross-site"])
def test_without_a_csrf_token_a_passkey_logs_in_only_from_a_page_of_this_site(app, device, sender):
    person = Person(app)
    sent = {"response": device.show(options(person, OPTIONS))}
    assert person.ask("POST", OPTIONS, data=sent, headers={"Sec-Fetch-Site": sender}).status_code == 403
    assert not is_in(person)
    assert person.ask("POST", OPTIONS, data=sent).status_code == 303
    assert is_in(person)


def test_attempts_are_counted_by_network(make_app, user):
    app = make_app(WEBAPP_BASE_URL="http://localhost", WEBAPP_LOGIN_TRIES_PER_NETWORK="3")
    device, person = with_passkey(app, user), Person(app)
    device.verifies_user = False
    codes = [send(person, device.show(options(person, OPTIONS))).status_code for _ in range(4)]
    assert codes == [422, 422, 422, 429]


def test_the_log_has_only_the_reason_of_a_refused_passkey(app, device, logged):
    device.verifies_user = False
    refused(app, lambda person: device.show(options(person, OPTIONS)))
    assert "User verification is required" in logged()
    assert "clientDataJSON" not in logged()


def test_over_the_limit_nothing_is_written(make_app):
    app = make_app(WEBAPP_BASE_URL="http://localhost", WEBAPP_LOGIN_TRIES_PER_NETWORK="2")
    device = with_passkey(app, factories.user(app, "ada"))
    device.verifies_user = False
    for _ in range(2):
        person = Person(app)
        send(person, device.show(options(person, OPTIONS)))
    device.verifies_user = True
    before, counted = contents(app), services_of(app).get(Limiter).entries()
    person = Person(app)
    assert send(person, device.show(options(person, OPTIONS))).status_code == 429
    assert contents(app) == before
    assert services_of(app).get(Limiter).entries() == counted
