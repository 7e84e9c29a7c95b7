"""Rotation: both tokens work during the overlap, the old one expires, and no permission is added."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from tests import factories
from tests.core.forged_tokens import NOON
from tests.outbox_mails import mails
from tests.script import Script
from tests.tables import contents, events
from tests.tokens.rotate_calls import DAY, HOUR, by_json, rotate_self, status
from webapp.core.db import Database
from webapp.credentials.models import Credential
from webapp.tokens import lifecycle
from webapp.web.registry import services_of


@pytest.fixture
def person(at_noon):
    return at_noon


def test_both_tokens_work_during_the_overlap_and_then_only_the_new_one(app, issued, clock):
    new = rotate_self(app, issued.token, overlap=3600).json["access_token"]
    clock.shift(HOUR - timedelta(seconds=1))
    assert (status(app, issued.token), status(app, new)) == (200, 200)
    clock.shift(1)
    refused = Script(app, issued.token).get("/protected")
    assert (refused.status_code, refused.json["code"], status(app, new)) == (401, "token_expired", 200)


def test_without_overlap_the_old_token_ends_at_once(app, issued):
    new = rotate_self(app, issued.token, overlap=0).json["access_token"]
    assert (status(app, issued.token), status(app, new)) == (401, 200)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        pytest.param(lambda db, user, issued: lifecycle.revoke(db, user.id, issued.entry.id), "revoked", id="revoked"),
        pytest.param(
            lambda db, _user, issued: setattr(db.get_one(Credential, issued.entry.id), "expires_at", NOON),
            "expired",
            id="expired",
        ),
    ],
)
def test_an_ended_token_cannot_be_rotated(app, user, person, issued, spoil, words):
    with services_of(app).get(Database).write() as db:
        spoil(db, user, issued)
    before = contents(app)
    answer = by_json(person, issued)
    assert (answer.status_code, words in answer.json["detail"]) == (409, True)
    assert contents(app) == before


def test_a_token_can_be_rotated_once(app, person, issued):
    assert by_json(person, issued).status_code == 201
    before = contents(app)
    again = rotate_self(app, issued.token)
    assert (again.status_code, "already rotated" in again.json["detail"]) == (409, True)
    assert contents(app) == before


def test_simultaneous_rotations_create_one_new_token_that_all_get(app, issued):
    with ThreadPoolExecutor(6) as at_once:
        found = list(at_once.map(lambda _: rotate_self(app, issued.token).json["id"], range(6)))
    assert len(set(found)) == 1
    assert ['"again"' in event["details"] for event in events(app, "token.rotated")] == [False, True]


def test_a_token_without_the_scope_cannot_rotate_itself(app, user, clock):
    issued = factories.api_token(app, user)
    answer = rotate_self(app, issued.token)
    assert (answer.status_code, answer.json["required"]) == (403, ["self:rotate"])


@pytest.mark.parametrize("overlap", [-1, 5, "soon", [3600], {"seconds": 1}, True])
def test_an_unknown_overlap_is_refused(app, issued, overlap):
    before = contents(app)
    assert rotate_self(app, issued.token, overlap=overlap).status_code in (400, 422)
    assert contents(app) == before


def test_a_session_cannot_use_self_rotation(person):
    token = person.ask("GET", "/login", headers={"Accept": "application/json"}).json["csrf_token"]
    headers = {"Accept": "application/json", "X-CSRF-Token": token}
    assert person.ask("POST", "/tokens/self/rotate", json={}, headers=headers).status_code == 403


def test_a_job_rotates_its_token_for_a_year_and_mails_once_a_week(app, user, clock, issued):
    token = issued.token
    for _ in range(28):
        clock.shift(DAY)
        token = rotate_self(app, token, overlap=3600).json["access_token"]
    assert status(app, token) == 200
    assert [mail.kind for mail in mails(app)] == ["token_rotated"] * 4


def test_the_page_shows_the_new_token_once_and_can_end_the_old_one(app, person, issued, clock):
    person.open(f"/tokens/{issued.entry.id}")
    person.follow("Rotate")
    shown = person.press("Rotate nightly", overlap="86400")
    new = re.search(r"eyJ[\w.-]+", shown.text)[0]
    assert (shown.status_code, shown.headers["Cache-Control"]) == (201, "no-store")
    clock.shift(61)
    assert (status(app, issued.token), status(app, new)) == (200, 200)
    person.open(f"/tokens/{issued.entry.id}")
    assert "This token was not used since" not in person.page.text
    person.press("Revoke the old token now")
    assert (status(app, issued.token), status(app, new)) == (401, 200)


def test_rotating_needs_a_step_up_after_ten_minutes(person, issued, clock):
    clock.shift(timedelta(minutes=11))
    assert by_json(person, issued).status_code == 401


def test_the_token_of_another_user_is_404(app, person, clock):
    issued = factories.api_token(app, factories.user(app))
    assert by_json(person, issued).status_code == 404


def test_the_link_in_the_mail_revokes_the_token_and_its_successor(app, issued, visitor):
    new = rotate_self(app, issued.token).json["access_token"]
    newer = rotate_self(app, new).json["access_token"]
    (mail,) = mails(app)
    visitor.open(mail.link)
    visitor.press("Revoke nightly")
    assert [status(app, token) for token in (issued.token, new, newer)] == [401, 401, 401]
    assert visitor.open(mail.link).status_code == 404
