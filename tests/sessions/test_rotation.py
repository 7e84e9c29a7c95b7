"""A remembered session gets a new secret when its browser comes back; a copy of the old cookie ends it, with a mail."""

import itertools
from datetime import timedelta

import pytest
import time_machine

from tests import factories
from tests.browser import Person
from tests.outbox_mails import mails
from tests.tables import events
from webapp.sessions.rotation import OVERLAP

START = "2026-11-22T12:00:00Z"
PAGES = ("/dashboard", "/account", "/tokens")


@pytest.fixture
def clock():
    with time_machine.travel(START, tick=False) as clock:
        yield clock


@pytest.fixture
def person(app, user, clock):
    person = Person(app)
    person.log_in("ada", remember="y")
    person.open("/dashboard")
    clock.shift(timedelta(hours=1))
    return person


def close_browser(person):
    """What is not remembered is forgotten."""
    person.client.delete_cookie("window")


def copy_of(person, *, window=False):
    """Another browser with a copy of the cookie, or of both cookies."""
    copied = Person(person.app, ip_address="198.51.100.7")
    copied.client.set_cookie("session", person.cookie)
    if window:
        copied.client.set_cookie("window", "1")
    return copied


def is_in(person):
    return person.ask("GET", "/protected").status_code == 200


def is_ended(app):
    return [event["event"] for event in events(app) if event["event"] == "session.reused"]


def test_the_secret_changes_with_the_first_request_of_a_reopened_browser(person, clock):
    secrets = [secret_of(person)]
    for has_closed, minutes in ((False, 0), (True, 0), (False, 5), (True, 5)):
        if has_closed:
            close_browser(person)
        clock.shift(timedelta(minutes=minutes))
        assert is_in(person)
        secrets.append(secret_of(person))
    # Without the window cookie, the last minute still counts as one visit.
    assert [one == other for one, other in itertools.pairwise(secrets)] == [True, True, False, False]


def test_the_secret_changes_after_an_idle_time(person, clock):
    before = person.cookie
    clock.shift(timedelta(hours=13))
    assert is_in(person)
    assert person.cookie != before
    clock.shift(timedelta(days=3))
    assert is_in(person)


def test_the_session_keeps_its_id(person, app):
    close_browser(person)
    found = person.ask("GET", "/account/sessions", headers={"Accept": "application/json"}).json["sessions"]
    assert len(found) == 1
    assert len(events(app, "session.started")) == 1


def test_a_session_that_is_not_remembered_keeps_its_secret(app, user, clock):
    person = Person(app)
    person.log_in("ada")
    person.open("/dashboard")
    before = person.cookie
    clock.shift(timedelta(hours=2))
    assert is_in(person)
    assert person.cookie == before


@pytest.mark.parametrize("window", [False, True], ids=["a copy of the cookie", "a copy of all cookies"])
def test_a_copy_used_after_the_rotation_ends_the_session_and_is_mailed(person, app, clock, window):
    copied = copy_of(person, window=window)
    close_browser(person)
    assert is_in(person)
    assert is_in(person), "the new secret has arrived"
    clock.shift(OVERLAP + timedelta(seconds=1))
    assert not is_in(copied)
    assert not is_in(person)
    assert is_ended(app) == ["session.reused"]
    (mail,) = [found for found in mails(app) if found.kind == "session_copied"]
    assert "may have been copied" in mail.subject
    assert not is_in(copied)
    assert len([found for found in mails(app) if found.kind == "session_copied"]) == 1


def test_the_original_used_after_the_copy_ends_the_session_too(person, app, clock):
    copied = copy_of(person)
    assert is_in(copied)
    clock.shift(timedelta(minutes=2))
    assert is_in(copied)
    clock.shift(timedelta(minutes=2))
    assert not is_in(person)
    assert not is_in(copied)
    assert is_ended(app) == ["session.reused"]


def test_tabs_restored_at_once_stay_logged_in(person, app, clock):
    tabs = [copy_of(person) for _ in PAGES]
    for tab, page in zip(tabs, PAGES, strict=True):
        assert tab.open(page).request.path == page
    assert len({secret_of(tab) for tab in tabs}) == 1
    clock.shift(OVERLAP + timedelta(minutes=5))
    assert all(is_in(tab) for tab in tabs)
    assert is_ended(app) == []


def secret_of(person):
    with person.client.session_transaction() as content:
        return content["_user_id"]


def test_a_lost_response_does_not_end_the_session(person, app, clock):
    lost = copy_of(person)
    close_browser(person)
    assert is_in(lost)
    clock.shift(timedelta(hours=2))
    assert is_in(person)
    clock.shift(timedelta(hours=2))
    assert is_in(person)
    assert is_ended(app) == []


def test_a_copy_is_detected_after_several_rotations(person, app, clock):
    copied = copy_of(person, window=True)
    for _ in range(3):
        close_browser(person)
        assert is_in(person)
        assert is_in(person)
        clock.shift(timedelta(minutes=5))
    assert not is_in(copied)
    assert is_ended(app) == ["session.reused"]


def test_a_former_secret_of_an_ended_session_sends_no_mail(person, app, clock):
    copied = copy_of(person)
    close_browser(person)
    person.open("/dashboard")
    person.press("Log out")
    clock.shift(timedelta(minutes=1))
    assert not is_in(copied)
    assert is_ended(app) == []


def test_the_secret_changes_although_the_request_is_refused(person):
    close_browser(person)
    before = person.cookie
    assert person.ask("GET", "/protected/admin").status_code == 403
    assert person.cookie != before
    assert is_in(person)


def test_open_forms_work_after_a_rotation(person):
    person.open("/account")
    close_browser(person)
    assert person.press("Save profile", display_name="Countess").status_code == 200


def test_public_pages_do_not_rotate_the_secret(person):
    close_browser(person)
    before = person.cookie
    for path in ("/public", "/docs", "/login"):
        person.ask("GET", path)
    assert person.cookie == before


def test_rotation_works_after_a_change_of_the_secret_key(make_app, person, app, clock):
    close_browser(person)
    old = copy_of(person)
    assert is_in(person)
    after = make_app(
        WEBAPP_SECRET_KEY="k2Vt9sXw4NzB7mCq1LrD8fHj3PyG6aTe", WEBAPP_SECRET_KEY_FALLBACKS=app.config["SECRET_KEY"]
    )
    late = Person(after)
    late.client.set_cookie("session", old.cookie)
    assert is_in(late)
    assert secret_of(late) == secret_of(person)


def test_two_processes_that_rotate_at_once_create_the_same_secret(make_app, app, user, person):
    factories.user(app, "eve")
    tabs = [copy_of(person), Person(make_app())]
    tabs[1].client.set_cookie("session", person.cookie)
    assert all(is_in(tab) for tab in tabs)
    assert secret_of(tabs[0]) == secret_of(tabs[1])
