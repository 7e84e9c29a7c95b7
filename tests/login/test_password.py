"""/account/password: a new password ends everything that was obtained with the old one."""

import pytest

from tests import factories
from tests.browser import HTML, Person
from tests.outbox_mails import mails
from tests.tables import contents
from webapp.accounts.models import User
from webapp.core.db import Database
from webapp.web.registry import services_of

NEW = "another horse battery"


def change(person: Person, **fields):
    person.open("/account/password")
    return person.press("Change password", **({"password": factories.PASSWORD, "new_password": NEW} | fields))


def test_a_password_change_ends_other_sessions_and_renews_this_one(person, app, script):
    other, before = Person(app), person.cookie
    other.log_in("ada")
    person.open("/account/password")
    assert "This logs out 1 other device" in person.page.text
    change(person)
    assert person.page.request.path == "/account/security"
    assert other.ask("GET", "/dashboard").status_code == 303
    thief = Person(app)
    thief.client.set_cookie("session", before)
    assert thief.ask("GET", "/dashboard").status_code == 303
    assert script.get("/protected").status_code == 200, "tokens go on unless asked"
    assert mails(app)[-1].kind == "password_changed"
    assert Person(app).log_in("ada", NEW).request.path == "/dashboard"
    assert Person(app).log_in("ada").status_code == 422


def test_tokens_are_revoked_with_the_change_if_requested(person, script):
    change(person, revoke_tokens="y")
    assert script.get("/protected").status_code == 401


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"password": "wrong wrong wrong"}, id="without the present one"),
        pytest.param({"password": ""}, id="with nothing as the present one"),
        pytest.param({"new_password": "short"}, id="to a short one"),
        pytest.param({"new_password": factories.PASSWORD}, id="to the same"),
        pytest.param({"new_password": "adaadaadaadaada"}, id="to one's own name"),
        pytest.param({"new_password": "nothing but an example"}, id="to one's own address"),
        pytest.param({"new_password": "x" * 300}, id="to an endless one"),
    ],
)
def test_an_invalid_form_changes_nothing(person, app, fields):
    before = contents(app)
    assert change(person, **fields).status_code == 422
    assert contents(app) == before


def test_a_user_without_a_password_sees_how_to_set_one(person, app, user):
    with services_of(app).get(Database).write() as db:
        db.get_one(User, user.id).password_hash = ""
    assert person.open("/account/security").text.count('href="/account/password"') == 1
    answer = person.follow("Set a password")
    assert (answer.status_code, "You have no password" in answer.text) == (409, True)
    person.follow("Request a link")
    person.press("Send link", username="ada")
    person.open(mails(app)[-1].link)
    person.press("Set password", password=NEW)
    assert person.log_in("ada", NEW).request.path == "/dashboard"


def test_wrong_current_passwords_are_counted(person):
    statuses = [change(person, password=f"wrong wrong {number}").status_code for number in range(11)]
    assert statuses == [422] * 10 + [429]


def test_a_token_cannot_change_a_password(script):
    answer = script.post("/account/password", json={"password": factories.PASSWORD, "new_password": NEW})
    assert answer.status_code == 403


def test_password_managers_are_redirected_to_the_form_after_a_login(app):
    visitor = Person(app)
    answer = visitor.ask("GET", "/.well-known/change-password")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/account/password")
    guarded = visitor.ask("GET", "/account/password", headers={"Accept": HTML})
    assert (guarded.status_code, guarded.headers["Location"]) == (303, "/login?next=/account/password")
