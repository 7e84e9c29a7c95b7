"""The pages and JSON of apps that log users in with this site."""

from typing import Any

import pytest

from tests import factories
from tests.browser import Person
from tests.oauth.app import CALLBACK, App, registered
from tests.oauth.test_private_key_jwt import jwk, jwks
from tests.script import Script
from webapp.accounts.models import User
from webapp.admin.views.clients.pages import PAGE


@pytest.fixture
def chief(app) -> Person:
    factories.user(app, "chief", role="super_admin")
    person = Person(app)
    person.log_in("chief")
    return person


def test_an_app_is_registered_shown_edited_and_removed(app, chief):
    assert "No apps yet" in chief.open("/admin/clients").text
    chief.follow("Register app")
    chief.follow("From scratch")
    page = chief.press("Register app", name="Wiki", redirect_uris=CALLBACK)
    assert page.status_code == 201
    assert "Shown only once" in page.text
    (found,) = chief.ask("GET", "/admin/clients", headers={"Accept": "application/json"}).json["clients"]
    assert (found["name"], found["redirect_uris"], found["is_public"]) == ("Wiki", [CALLBACK], False)
    chief.open(f"/admin/clients/{found['client_id']}")
    assert found["client_id"] in chief.page.text
    assert "/.well-known/openid-configuration" in chief.page.text
    chief.follow("Edit app")
    other = "https://wiki.example.org/other"
    assert "was changed" in chief.press("Save app", redirect_uris=f"{CALLBACK}\n{other}", roles="admin").text
    assert other in chief.page.text
    chief.follow("Remove app")
    assert "was removed" in chief.press("Remove app").text
    assert "No apps yet" in chief.page.text


def test_the_shown_secret_is_that_of_the_app_and_a_new_one_works_beside_it(app, chief):
    token = chief.ask("GET", "/forgot", headers={"Accept": "application/json"}).json["csrf_token"]
    sent = {"name": "Wiki", "redirect_uris": [CALLBACK], "is_first_party": True, "csrf_token": token}
    made = chief.ask("POST", "/admin/clients", json=sent, headers={"Accept": "application/json"})
    assert made.status_code == 201
    assert made.headers["Location"].endswith(made.json["client_id"])
    again = chief.ask(
        "POST", f"{made.headers['Location']}/secret", json={"csrf_token": token}, headers={"Accept": "application/json"}
    ).json
    for secret in (made.json["client_secret"], again["client_secret"]):
        wiki = App(app, made.json["client_id"], secret)
        assert "access_token" in wiki.redeem(wiki.authorize(chief)["code"]).json


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"name": ""}, "Enter a name."),
        ({"name": "x"}, "2 to 50 printable characters"),
        ({"name": "Taken"}, "with this name already"),
        ({"redirect_uris": ""}, "at least one redirect URI"),
        ({"redirect_uris": "http://wiki.example.org/cb"}, "Use https"),
        ({"redirect_uris": "javascript:alert(1)"}, "Use https"),
        ({"redirect_uris": " ".join(f"{CALLBACK}/{n}" for n in range(21))}, "at most 20"),
        ({"roles": "admin pope"}, "Unknown: pope."),
        ({"scopes": "protected:read reports:burn"}, "Unknown: reports:burn."),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_does_not_fit_is_said_and_nothing_is_registered(app, chief, sent, words):
    registered(app, "Taken")
    chief.open("/admin/clients/new?recipe=other")
    page = chief.press("Register app", **{"name": "Wiki", "redirect_uris": CALLBACK} | sent)
    assert page.status_code == 422
    assert words in page.text
    assert len(chief.ask("GET", "/admin/clients", headers={"Accept": "application/json"}).json["clients"]) == 1


def test_a_public_app_gets_no_secret(app, chief):
    chief.open("/admin/clients/new?recipe=other")
    page = chief.press("Register app", name="Phone", redirect_uris="org.example.phone:/cb", is_public="y")
    assert page.status_code == 201
    assert "Shown only once" not in page.text
    client_id = chief.ask("GET", "/admin/clients", headers={"Accept": "application/json"}).json["clients"][0][
        "client_id"
    ]
    assert "New secret" not in chief.open(f"/admin/clients/{client_id}").text
    answer = chief.ask("POST", f"/admin/clients/{client_id}/secret", data={"csrf_token": chief.csrf_token})
    assert answer.status_code == 409


def test_keys_of_an_app_stand_in_for_its_secret(app, chief):
    wiki = registered(app)
    chief.open(f"/admin/clients/{wiki.client_id}/edit")
    page = chief.press("Save app", jwks="x", resources="https://files.example.org")
    assert (page.status_code, "Enter a JWKS" in page.text) == (422, True)
    fields = {
        "jwks": jwks(jwk()),
        "resources": "https://files.example.org",
        "require_pushed_authorization_requests": "y",
    }
    page = chief.press("Save app", **fields)
    assert "was changed" in page.text
    for words in ("private_key_jwt", "https://files.example.org", "Only pushed requests"):
        assert words in page.text
    assert "New secret" not in page.text
    assert wiki.post("/oauth/token", grant_type="refresh_token").json["error"] == "invalid_client"


def test_what_an_app_got_ends_when_it_is_removed(app, person, chief):
    wiki = registered(app, is_first_party=True)
    tokens = wiki.redeem(wiki.authorize(person)["code"]).json
    chief.open(f"/admin/clients/{wiki.client_id}/remove")
    chief.press("Remove app")
    assert Script(app, tokens["access_token"]).get("/oauth/userinfo").status_code == 401
    assert wiki.refresh(tokens["refresh_token"]).json["error"] == "invalid_client"


def test_what_an_app_got_ends_when_it_is_disabled_and_it_works_again_when_enabled(app, person, chief):
    wiki = registered(app, is_first_party=True)
    tokens = wiki.redeem(wiki.authorize(person)["code"]).json
    page = chief.open(f"/admin/clients/{wiki.client_id}/disable")
    assert "1 login to the app ends now." in page.text
    assert "1 login to it ended." in chief.press("Disable app").text
    assert "This app was disabled" in chief.page.text
    assert Script(app, tokens["access_token"]).get("/oauth/userinfo").status_code == 401
    assert wiki.refresh(tokens["refresh_token"]).json["error"] == "invalid_client"
    page = person.open(wiki.url())
    assert (page.status_code, "The app Wiki is disabled on this site." in page.text) == (400, True)
    assert "was enabled" in chief.press("Enable app").text
    assert "access_token" in wiki.redeem(wiki.authorize(person)["code"]).json


def test_the_page_has_everything_that_the_app_needs(app, chief):
    wiki = registered(app)
    page = chief.open(f"/admin/clients/{wiki.client_id}").text
    about = chief.ask("GET", "/.well-known/openid-configuration").json
    endpoints = [url for name, url in about.items() if name.endswith(("_endpoint", "jwks_uri"))]
    for text in (
        about["issuer"],
        wiki.client_id,
        CALLBACK,
        "client_secret_basic",
        "S256",
        "email_verified",
        *endpoints,
    ):
        assert text in page, text
    found = chief.ask("GET", f"/admin/clients/{wiki.client_id}", headers={"Accept": "application/json"}).json
    assert sorted(found["set_up"]["endpoints"].values()) == sorted(endpoints)
    assert len(found["secrets_made_at"]) == 1
    chief.open(f"/admin/clients/{wiki.client_id}")
    chief.press("New secret")
    assert "Two secrets work now." in chief.open(f"/admin/clients/{wiki.client_id}").text


def test_an_app_for_some_people_stays_theirs_when_one_is_deleted(app, person, chief):
    grace = factories.user(app, "grace")
    wiki = registered(app, is_first_party=True)
    edit = f"/admin/clients/{wiki.client_id}/edit"
    chief.open(edit)
    assert "no users with these names: nobody." in chief.press("Save app", people="grace nobody").text
    assert "was changed" in chief.press("Save app", people="grace").text
    page = person.open(wiki.url())
    assert (page.status_code, "You cannot use Wiki" in page.text) == (403, True)
    assert "Back to the dashboard" in page.text
    hers = Person(app)
    hers.log_in("grace")
    tokens = wiki.redeem(wiki.authorize(hers)["code"]).json
    assert "access_token" in tokens
    with factories.database_of(app).write() as db:
        db.delete(db.get_one(User, grace.id))
    chief.open(edit)
    assert "was changed" in chief.press("Save app").text
    assert str(grace.id) in chief.page.text
    assert person.open(wiki.url()).status_code == 403


@pytest.mark.parametrize("roles", [[], ["admin"]])
def test_who_is_no_longer_for_the_app_cannot_refresh(app, person, user, chief, roles):
    wiki = registered(app, is_first_party=True, people=[str(user.id)], roles=roles)
    tokens = wiki.redeem(wiki.authorize(person)["code"]).json
    tokens = wiki.refresh(tokens["refresh_token"]).json
    chief.open(f"/admin/clients/{wiki.client_id}/edit")
    chief.press("Save app", people="chief")
    assert wiki.refresh(tokens["refresh_token"]).json["error"] == "invalid_grant"


def test_the_list_has_pages_and_is_filtered(app, chief):
    names = [f"App {number:03}" for number in range(PAGE + 5)] + ["100% Wiki", "wiki_2"]
    for name in names:
        registered(app, name)

    def listed(**query: str) -> dict[str, Any]:
        headers = {"Accept": "application/json"}
        return chief.ask("GET", "/admin/clients", query_string=query, headers=headers).json

    first = listed()
    second = listed(after=first["after"])
    found = [client["name"] for client in first["clients"] + second["clients"]]
    assert (found, len(first["clients"]), second["after"]) == (sorted(names), PAGE, None)
    for part, expected in (("WIKI", 2), ("%", 1), ("_", 1), ("app 0", PAGE), ("nothing", 0)):
        assert len(listed(q=part)["clients"]) == expected
    assert "Next" in chief.open("/admin/clients").text
    assert "First page" in chief.follow("Next").text
    assert "No app matches" in chief.open("/admin/clients?q=nothing").text
    for wrong in ("q=" + "x" * 51, "q=%00", "after=1"):
        assert chief.ask("GET", f"/admin/clients?{wrong}").status_code == 400
