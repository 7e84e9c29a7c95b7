"""Reset of second factors by an admin: it waits, notifies the user, and can be stopped."""

import re
from datetime import timedelta

import pytest
import time_machine

from tests import factories
from tests.admin.admin_objects import by_session
from tests.browser import Person
from tests.outbox_mails import mails
from tests.second_factors import passkey_login, with_app, with_passkey, with_sheet
from tests.tables import contents, events
from webapp.core.clock import now
from webapp.core.db import Database
from webapp.jobs.leases import Jobs
from webapp.jobs.worker import JobWorker
from webapp.mfa import factors
from webapp.web.registry import services_of

WHY = "phone fell into the lake"
DAY = timedelta(hours=24)


@pytest.fixture
def mara(app) -> Person:
    """An admin at her browser."""
    factories.user(app, "mara", role="admin")
    person = Person(app)
    person.log_in("mara")
    return person


@pytest.fixture
def reset_requested(app, user, mara):
    """Ada has everything, and Mara has begun to take it away."""
    with_app(app, user)
    with_passkey(app, user)
    with_sheet(app, user)
    mara.open(f"/admin/users/{user.id}")
    mara.follow("Reset second factors")
    assert "After 1 day, their authenticator app" in mara.page.text
    return mara.press("Start reset", reason=WHY)


def held(app, user):
    with services_of(app).get(Database).read() as db:
        return factors.of(db, user.id)


def run_jobs(app):
    """As a process that serves does, every minute or so."""
    job = next(job for job in services_of(app).get(Jobs) if job.name == "reset second factors")
    return JobWorker(services_of(app).get(Database), [job]).do_due()


def link_of(app, kind):
    mail = next(mail for mail in mails(app) if mail.kind == kind)
    return re.search(r"(/not-me/\S+)", mail.text)[1]


def test_a_reset_removes_nothing_before_its_time_and_then_everything(app, user, reset_requested):
    with time_machine.travel(now(), tick=False) as clock:
        run_jobs(app)
        assert held(app, user).has_second
        clock.shift(DAY + timedelta(minutes=2))
        run_jobs(app)
        assert held(app, user) == factors.Factors()
        assert Person(app).log_in("ada").request.path == "/dashboard"


def test_a_reset_is_mailed_at_start_and_end_and_logged_with_its_reason(app, user, reset_requested):
    (begun,) = [mail for mail in mails(app) if mail.kind == "factors_reset_begun"]
    assert WHY in begun.text
    assert "mara" in begun.text
    with time_machine.travel(now() + DAY + timedelta(minutes=2), tick=False):
        run_jobs(app)
    assert len([mail for mail in mails(app) if mail.kind == "factors_reset"]) == 1
    assert WHY in events(app, "factors.reset-asked")[0]["details"]
    assert len(events(app, "factors.reset")) == 1


def test_a_reset_ends_every_session(app, user, mara):
    device, theirs = with_passkey(app, user), Person(app)
    passkey_login(theirs, device)
    mara.open(f"/admin/users/{user.id}/reset-factors")
    mara.press("Start reset", reason=WHY)
    assert theirs.ask("GET", "/protected").status_code == 200
    with time_machine.travel(now() + DAY + timedelta(minutes=2), tick=False):
        run_jobs(app)
    assert theirs.ask("GET", "/protected").status_code == 303


def test_this_was_not_me_stops_a_reset_and_changes_nothing_else(app, user, reset_requested):
    before = held(app, user)
    owner = Person(app)
    assert "Stop the reset?" in owner.open(link_of(app, "factors_reset_begun")).text
    assert owner.press("Stop the reset").request.path == "/login"
    with time_machine.travel(now() + DAY + timedelta(minutes=2), tick=False):
        run_jobs(app)
    assert held(app, user) == before
    assert Person(app).log_in("ada").request.path == "/login/second-step"
    assert len(events(app, "factors.reset-stopped")) == 1


def test_a_logged_in_user_sees_a_pending_reset_and_can_stop_it(app, user, reset_requested):
    device, owner = with_passkey(app, user), Person(app)
    passkey_login(owner, device)
    assert "Your second factors will be reset on" in owner.open("/account/security").text
    owner.follow("Review")
    owner.press("Stop the reset")
    assert owner.ask("GET", "/account/security/reset").status_code == 404


def test_the_page_that_stops_a_reset_shows_when_it_is_due(app, user, reset_requested):
    device, owner = with_passkey(app, user), Person(app)
    passkey_login(owner, device)
    page = owner.open("/account/security/reset").text
    assert re.search(r'On <time datetime="\d{4}-\d\d-\d\dT[\d:]+Z"', page)


def test_a_second_reset_is_refused_while_one_is_pending(app, user, reset_requested, mara):
    mara.open(f"/admin/users/{user.id}/reset-factors")
    assert mara.press("Start reset", reason=WHY).status_code == 409


def test_a_reset_needs_a_reason(app, user, mara):
    mara.open(f"/admin/users/{user.id}/reset-factors")
    before = contents(app)
    assert mara.press("Start reset", reason="").status_code == 422
    assert contents(app) == before


def test_an_admin_cannot_reset_a_user_with_a_higher_role(app, mara):
    chief = factories.user(app, "chief", role="super_admin")
    assert mara.open(f"/admin/users/{chief.id}/reset-factors").status_code == 403


def test_a_user_without_a_password_gets_a_link_to_set_one(app, user, mara):
    with_passkey(app, user)
    with services_of(app).get(Database).write() as db:
        db.get_one(type(user), user.id).password_hash = ""
    mara.open(f"/admin/users/{user.id}/reset-factors")
    mara.press("Start reset", reason=WHY)
    with time_machine.travel(now() + DAY + timedelta(minutes=2), tick=False):
        run_jobs(app)
        mail = next(mail for mail in mails(app) if mail.kind == "factors_reset")
        assert Person(app).open(re.search(r"(/reset/\S+)", mail.text)[1]).status_code == 200


def test_the_waiting_time_is_a_setting(make_app, user):
    app = make_app(WEBAPP_BASE_URL="http://localhost", WEBAPP_FACTOR_RESET_WAIT="1s")
    with_app(app, user)
    factories.user(app, "mara", role="admin")
    mara = by_session(app, "mara")
    assert mara.post(f"/admin/users/{user.id}/reset-factors", json={"reason": WHY}).status_code == 200
    with time_machine.travel(now() + timedelta(minutes=2), tick=False):
        run_jobs(app)
    assert not held(app, user).has_second


# Who has what.


def test_the_list_of_users_shows_factors_and_filters_users_without(app, user, mara):
    with_app(app, user)
    with_passkey(app, factories.user(app, "grace"))
    page = mara.open("/admin/users").text
    assert "authenticator app" in page
    assert "<b>1</b>without a second factor" in page
    found = mara.ask("GET", "/admin/users?view=one_factor", headers={"Accept": "application/json"}).json["people"]
    assert [person["username"] for person in found] == ["mara"]


def test_the_overview_counts_admins_without_a_second_factor(app, user, mara):
    with_app(app, user)
    found = mara.ask("GET", "/admin", headers={"Accept": "application/json"}).json
    assert found["without_second_factor"] == 1
    assert "without a second factor" in mara.open("/admin").text
