"""WEBAPP_PASSWORD_LOGIN: every route that takes a password, by mode and by who uses it."""

import pytest
from flask import Flask

from tests import factories
from tests.browser import Person
from tests.factories import PASSWORD
from tests.federation.identities import subjects_of
from tests.federation.upstream import Upstream, linked, log_in, provided
from tests.outbox_mails import mails
from webapp.accounts import recovery
from webapp.accounts.models import User
from webapp.settings import Settings, SettingsError
from webapp.testing import JSON, as_user

CREDENTIALS_INVALID, OFF = (401, "credentials_invalid"), (403, None)


def site_of(make_app, mode: str, **settings: str) -> Flask:
    app = make_app(WEBAPP_PASSWORD_LOGIN=mode, **settings)
    factories.user(app, "ada")
    factories.user(app, "boss", role="admin")
    return app


def outcome(response) -> tuple[int, str | None]:
    return response.status_code, (response.json or {}).get("code") if response.is_json else None


def log_in_by_form(app, name):
    return as_user(app, "somebody").post("/login", headers=JSON, json={"username": name, "password": PASSWORD})


def log_in_by_script(app, name):
    return app.test_client().post("/api/auth", json={"username": name, "password": PASSWORD})


def confirm(app, name):
    return as_user(app, name).post("/confirm", headers=JSON, json={"password": PASSWORD})


def change(app, name):
    body = {"password": PASSWORD, "new_password": "another horse battery"}
    return as_user(app, name).post("/account/password", headers=JSON, json=body)


def use_link(app, name):
    with factories.database_of(app).write() as db:
        user = db.query(User).filter_by(username=name).one()
        path = recovery.link_for(db, user)
    return Person(app).ask("GET", path)


def get_link_from_admin(app, name):
    boss = as_user(app, "root", role="super_admin")
    user = factories.database_of(app)
    with user.read() as db:
        found = db.query(User).filter_by(username=name).one()
    return boss.post(f"/admin/users/{found.id}/reset-link", headers=JSON, json={"reason": "lost"})


# Of a user and an administrator: the status, and the code of the problem where one is there.
ROUTES = {
    "POST /login": (log_in_by_form, 200, CREDENTIALS_INVALID),
    "POST /api/auth": (log_in_by_script, 200, CREDENTIALS_INVALID),
    "POST /confirm": (confirm, 204, (422, None)),
    "POST /account/password": (change, 200, OFF),
    "GET /reset/<secret>": (use_link, 303, OFF),
    "POST /admin/users/<id>/reset-link": (get_link_from_admin, 201, OFF),
}


@pytest.mark.parametrize("mode", ["on", "admins", "off"])
def test_a_password_counts_for_whom_the_setting_says(make_app, subtests, mode):
    app = site_of(make_app, mode)
    for route, (use, works, refused) in ROUTES.items():
        for name in ("ada", "boss"):
            with subtests.test(route=route, name=name):
                counts = mode == "on" or (mode == "admins" and name == "boss")
                found = use(app, name)
                if counts:
                    assert found.status_code == works, found.text[:300]
                elif mode == "off" and route in ("POST /login", "POST /api/auth"):
                    assert outcome(found) == OFF
                else:
                    assert outcome(found) == refused, found.text[:300]


@pytest.mark.parametrize(("mode", "mailed"), [("on", ["ada", "boss"]), ("admins", ["boss"]), ("off", [])])
def test_a_reset_link_is_mailed_to_those_whose_password_counts_with_the_same_answer(make_app, mode, mailed):
    app = site_of(make_app, mode)
    answers = set()
    for name in ("ada", "boss", "nobody"):
        person = Person(app)
        if person.open("/forgot").status_code == 403:
            continue
        person.press("Send link", username=name)
        answers.add(person.page.text.replace(name, ""))
    assert [mail.to.partition("@")[0] for mail in mails(app) if mail.kind == "reset_password"] == mailed
    assert len(answers) == (0 if mode == "off" else 1)


@pytest.mark.parametrize("mode", ["admins", "off"])
def test_a_new_password_is_neither_asked_for_nor_taken(make_app, mode):
    app = site_of(make_app, mode, WEBAPP_REGISTRATION="open")
    provided(app, Upstream(), name="Acme")
    page = Person(app).open("/register").text
    assert "Log in with Acme" in page
    assert 'type="password"' not in page
    body = {"username": "eve", "email": "eve@example.org", "password": PASSWORD}
    assert as_user(app, "somebody").post("/register", headers=JSON, json=body).status_code == 403
    page = as_user(app, "ada").get("/account/security").text
    assert "Not used at this site." in page
    assert 'href="/account/password"' not in page


def test_a_password_that_does_not_count_is_no_way_in(make_app):
    app = site_of(make_app, "off")
    with factories.database_of(app).read() as db:
        ada = db.query(User).filter_by(username="ada").one()
    identity = linked(app, ada)
    answer = as_user(app, "ada").post(f"/account/identities/{identity}/unlink", headers=JSON, json={})
    assert answer.status_code == 409
    assert subjects_of(app, ada) == ["u-1"]


def test_the_login_page_has_no_password_form_but_for_administrators(make_app):
    for mode, path, has_form in (
        ("on", "/login", True),
        ("admins", "/login", False),
        ("admins", "/login?password=1", True),
        ("off", "/login", False),
        ("off", "/login?password=1", False),
    ):
        page = Person(make_app(WEBAPP_PASSWORD_LOGIN=mode)).open(path).text
        assert ('type="password"' in page) is has_form, (mode, path)
        assert ("as an administrator" in page) is (mode == "admins" and not has_form), (mode, path)


def test_a_user_who_is_no_administrator_is_refused_like_a_wrong_password(make_app):
    app = site_of(make_app, "admins")
    pages = []
    for name, password in (("ada", PASSWORD), ("ada", "wrong"), ("nobody", "wrong")):
        person = Person(app)
        person.open("/login?password=1")
        person.press("Log in", username=name, password=password)
        assert person.page.status_code == 422
        pages.append(person.page.text.replace(f'value="{name}"', ""))
    without_csrf = {page.split("csrf_token")[0] for page in pages}
    assert len(without_csrf) == 1
    person = Person(app)
    person.open("/login?password=1")
    assert person.press("Log in", username="boss", password=PASSWORD).request.path == "/dashboard"


def test_with_one_provider_the_login_page_leads_there(make_app):
    app = make_app(WEBAPP_PASSWORD_LOGIN="off")
    provided(app, Upstream())
    there = Person(app).ask("GET", "/login?next=/tokens")
    assert (there.status_code, there.headers["Location"]) == (303, "/login/with/acme?next=/tokens")
    for path, headers in (
        ("/login?stay=1", {}),
        ("/login?ended=1&next=/tokens", {}),
        ("/login?cookies=1", {}),
        ("/login?password=1", {}),
        ("/login", {"Sec-Purpose": "prefetch"}),
        ("/login", {"Sec-Fetch-Dest": "iframe"}),
        ("/login", {"Accept": "application/json"}),
    ):
        assert Person(app).ask("GET", path, headers=headers).status_code == 200, (path, headers)
    provided(app, Upstream("https://other.example.org"), slug="other")
    assert Person(app).ask("GET", "/login").status_code == 200, "there are two"


def test_after_a_logout_the_login_page_is_shown(make_app):
    app = make_app(WEBAPP_PASSWORD_LOGIN="off")
    upstream = Upstream(claims={"sub": "u-9", "preferred_username": "grace"})
    provided(app, upstream)
    person = Person(app)
    log_in(person, upstream)
    person.open("/login/with/acme/account")
    person.press("Create account")
    person.open("/logout")
    assert "You are logged out." in person.press("Log out").text
    assert person.open(person.page.request.full_path).status_code == 200, "also when it is loaded again"


def test_another_provider_of_passwords_contradicts_it():
    with pytest.raises(SettingsError, match="WEBAPP_PASSWORD_LOGIN must be on with WEBAPP_IDENTITY_PROVIDER"):
        Settings.from_env(
            {
                "WEBAPP_SECRET_KEY": "k" * 20 + "0123456789ab",
                "WEBAPP_PASSWORD_LOGIN": "off",
                "WEBAPP_IDENTITY_PROVIDER": "a.b:c",
            }
        )
