"""The first account, in the browser."""

from datetime import timedelta

import pytest

from tests import factories
from tests.browser import Person
from tests.script import Script
from tests.tables import contents
from webapp.accounts import one_time_links
from webapp.accounts.registration import SETUP
from webapp.core.db import Database
from webapp.web.registry import services_of

GOOD = {"username": "mara", "email": "mara@example.org", "password": factories.PASSWORD}


@pytest.fixture
def path(app):
    with services_of(app).get(Database).write() as db:
        return f"/setup/{one_time_links.create(db, SETUP, timedelta(minutes=30))}"


def test_the_first_account_is_a_super_admin_who_is_logged_in(app, path):
    person = Person(app)
    person.open(path)
    assert person.press("Create account", **GOOD).request.path == "/dashboard"
    assert "Your account was created" in person.page.text
    assert Person(app).log_in("mara").request.path == "/dashboard"
    assert person.open("/protected/super-admin").status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        {"username": ""}, {"username": "a b"}, {"username": "аda"}, {"username": "x" * 51}, {"username": "<b>"},
        {"email": ""}, {"email": "mara"}, {"email": "x" * 321}, {"email": "a@b.org\nBcc: c@d.org"},
        {"password": ""}, {"password": "short"}, {"password": "x" * 300}, {"password": "maramaramaramara"},
        {"username": "a\ud7ffb"},
    ],
)  # fmt: skip
def test_an_invalid_form_has_messages_and_the_link_stays_valid(app, path, change):
    person = Person(app)
    person.open(path)
    before = contents(app)
    answer = person.press("Create account", **(GOOD | change))
    assert answer.status_code == 422
    assert contents(app) == before
    assert person.press("Create account", **GOOD).request.path == "/dashboard"


@pytest.mark.parametrize(
    ("taken", "said"),
    [("username", "This user name is taken"), ("email", "Another account already uses this e-mail address")],
    ids=["username", "email"],
)
def test_a_taken_name_or_email_address_is_refused_and_the_link_stays_valid(app, path, taken, said):
    eve = factories.user(app, "eve")
    person = Person(app)
    person.open(path)
    answer = person.press("Create account", **(GOOD | {taken: getattr(eve, taken)}))
    assert (answer.status_code, said in answer.text) == (422, True)
    assert person.press("Create account", **GOOD).request.path == "/dashboard"


@pytest.mark.parametrize("name", ["role", "disabled_at", "id"])
def test_a_role_that_is_sent_along_is_refused(app, path, name):
    person, before = Person(app), contents(app)
    person.open(path)
    assert person.press("Create account", **GOOD, **{name: "user"}).status_code == 422
    assert contents(app) == before


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_invalid_link_is_404_for_everybody(app, path, method):
    person = Person(app)
    person.open(path)
    person.press("Create account", **GOOD)
    assert Script(app).call("GET", path).status_code == 404
    assert Script(app).call("GET", "/setup/nonsense").status_code == 404


def test_the_setup_needs_a_csrf_token(app, path):
    before = contents(app)
    assert Script(app).post(path, data=GOOD).status_code == 403
    assert contents(app) == before


def test_opening_the_link_does_not_use_it_up(app, path):
    for _ in range(3):
        assert Person(app).open(path).status_code == 200
    assert Script(app).call("HEAD", path).status_code == 200


def test_the_page_does_not_repeat_the_password(app, path):
    person = Person(app)
    person.open(path)
    answer = person.press("Create account", **(GOOD | {"username": ""}))
    assert factories.PASSWORD not in answer.text
