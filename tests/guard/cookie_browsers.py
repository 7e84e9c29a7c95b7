"""Browsers with a token in a cookie, and a site that looks there for it."""

from tests import factories
from tests.browser import Person
from tests.guard.example_routes import add, plain, with_changes
from webapp.guard import public, require

GOOD = {"username": "ada", "password": factories.PASSWORD, "scope": "protected:read", "cookie": True}
TOKEN, CSRF = "access_token", "csrf_access_token"


SETTINGS = {"WEBAPP_TOKEN_LOCATIONS": "header, cookie"}


def with_pages(app):
    with_changes(app)
    add(app, "/mine", require(session=True)(plain("mine")), methods=["GET", "POST"])
    add(app, "/all", public(plain("all")), methods=["GET", "POST"])


def with_users(app):
    factories.user(app, "ada")
    factories.user(app, "grace")


def logged_in(site):
    """A page of somebody's own at Ada's browser, which has logged in by script."""
    person = Person(site)
    assert person.ask("POST", "/api/auth", json=GOOD).status_code == 200
    return person


def jar(person, name):
    found = person.client.get_cookie(name)
    return found.value if found else None


def change(person, **headers):
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return person.ask("POST", "/change", headers=sent)


def browser_with(site, cookie, session):
    """Ada's token in the cookie, and Boss's session."""
    person = Person(site)
    factories.user(site, "boss")
    if session != "none":
        person.log_in("boss")
    if session == "bad":
        twin = Person(site)
        twin.client.set_cookie("session", person.cookie)
        twin.open("/logout")
        twin.press("Log out")
    if cookie != "none":
        person.ask("POST", "/api/auth", json=GOOD)
    if cookie == "bad":
        person.client.set_cookie(TOKEN, "nonsense")
    return person
