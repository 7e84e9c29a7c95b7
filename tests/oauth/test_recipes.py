"""Recipes: each can be registered, and its settings have every value filled in."""

import re
from pathlib import Path

import pytest

from tests import factories
from tests.browser import Person
from webapp.oauth import clients, set_up
from webapp.oauth.client_settings import InvalidClientSettings
from webapp.oauth.clients import NewClient
from webapp.oauth.metadata import metadata
from webapp.oauth.recipes import APPS, RECIPES
from webapp.testing import as_user

ABOUT = metadata("https://login.example.org", algorithms=["ES256"])
DOCS = Path(__file__).parents[2] / "docs" / "single-sign-on.md"


def test_each_recipe_can_be_registered_and_leaves_nothing_open(app):
    with factories.database_of(app).write() as db:
        for key, recipe in RECIPES.items():
            chosen = {"redirect_uris": ["https://app.example.org/cb"]} | recipe.settings_for(
                "https://app.example.org:8443/sub/"
            )
            desired = NewClient(name=str(recipe.name), is_public=recipe.is_public, recipe=key, **chosen)
            made = clients.register(db, desired, origin="test")
            text = recipe.filled_in(set_up.values(made.client, ABOUT, "Site", made.secret))
            assert not re.search(r"\$\w", text), key
            assert str(made.client.id) in text, key
            assert (made.secret or ("device_code" if recipe.is_for_devices else "S256")) in text, key
            assert "https://login.example.org" in text, key
            if key in APPS:
                assert set_up.values(made.client, ABOUT, "", None)["app_url"] == "https://app.example.org:8443/sub", key


def test_the_documentation_names_each_app():
    text = DOCS.read_text()
    assert [recipe.name for recipe in APPS.values() if f"| {recipe.name} |" not in text] == []


@pytest.mark.parametrize("url", ["", "https://a.example.org/?x=1", "https://a.example.org/#x", "http://a.example.org"])
def test_a_url_that_no_app_has_is_refused(app, url):
    with factories.database_of(app).write() as db, pytest.raises(InvalidClientSettings):
        register(db, url)


def register(db, url):
    uris = APPS["grafana"].redirects_for(url)
    clients.register(db, NewClient(name="Grafana", redirect_uris=uris), origin="test")


def test_a_well_known_app_is_registered_by_its_url_alone(app):
    factories.user(app, "chief", role="super_admin")
    chief = Person(app)
    chief.log_in("chief")
    chief.open("/admin/clients/new")
    chief.open("/admin/clients/new?recipe=nextcloud")
    assert chief.press("Register app", app_url="cloud").status_code == 422
    page = chief.press("Register app", app_url="https://cloud.example.org/")
    assert page.status_code == 201
    assert "https://cloud.example.org/apps/user_oidc/code" in page.text
    secret = re.search(r"--clientsecret=&#34;([^&]+)&#34;", page.text)[1]
    assert secret in re.search(r"<textarea[^>]*>([^<]+)<", page.text)[1]
    listed = chief.ask("GET", "/admin/clients", headers={"Accept": "application/json"}).json["clients"]
    shown = chief.open(f"/admin/clients/{listed[0]['client_id']}").text
    assert secret not in shown
    assert "THE-CLIENT-SECRET" in shown


@pytest.mark.parametrize(
    ("uris", "more", "blocked"),
    [
        (
            ["https://spa.example.org/cb", "https://spa.example.org/renew"],
            {"recipe": "spa"},
            ["https://spa.example.org"],
        ),
        (["http://localhost:5173/cb"], {"recipe": "spa"}, ["http://localhost:5173"]),
        (["https://allowed.example.org/cb"], {"recipe": "spa"}, []),
        (["https://spa.example.org/cb"], {}, ["https://spa.example.org"]),
        (["http://127.0.0.1/cb", "org.example.phone:/cb"], {}, []),
        (["http://127.0.0.1/cb"], {"recipe": "native"}, []),
        (["https://spa.example.org/cb"], {"is_public": False}, []),
    ],
)
def test_the_page_of_a_single_page_app_says_which_origin_is_not_allowed_yet(make_app, uris, more, blocked):
    site = make_app(WEBAPP_CORS_ORIGINS="https://allowed.example.org")
    given = {"redirect_uris": uris, "is_public": True} | more
    with factories.database_of(site).write() as db:
        client_id = clients.register(db, NewClient(name="App", **given), origin="test").client.id
    keeper = as_user(site, "keeper", role="super_admin")
    said = keeper.get(f"/admin/clients/{client_id}", headers={"Accept": "application/json"}).json
    assert said["set_up"]["blocked_origins"] == blocked
    page = keeper.get(f"/admin/clients/{client_id}", headers={"Accept": "text/html"}).text
    assert ("WEBAPP_CORS_ORIGINS=" in page) is bool(blocked)
