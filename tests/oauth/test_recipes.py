"""Recipes: each can be registered, and its settings have every value filled in."""

import re
from pathlib import Path

import pytest

from tests import factories
from tests.browser import Person
from webapp.oauth import clients, set_up
from webapp.oauth.client_settings import ClientUnfit
from webapp.oauth.clients import NewClient
from webapp.oauth.metadata import metadata
from webapp.oauth.recipes import APPS, RECIPES

ABOUT = metadata("https://login.example.org", algorithms=["ES256"])
DOCS = Path(__file__).parents[2] / "docs" / "single-sign-on.md"


def test_each_recipe_can_be_registered_and_leaves_nothing_open(app):
    with factories.database_of(app).write() as db:
        for key, recipe in RECIPES.items():
            chosen = {"redirect_uris": ["https://app.example.org/cb"]} | recipe.settings_for(
                "https://app.example.org:8443/sub/"
            )
            wish = NewClient(name=str(recipe.name), is_public=recipe.is_public, recipe=key, **chosen)
            made = clients.register(db, wish, origin="test")
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
    with factories.database_of(app).write() as db, pytest.raises(ClientUnfit):
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
