"""Policies of an app: the login it demands, its lifetimes, and the roles that it learns; at every grant."""

from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine

from tests import factories
from tests.browser import Person
from tests.login.scripts import claims
from tests.oauth.app import CALLBACK, registered
from tests.script import Script
from webapp.core.clock import now
from webapp.oauth import clients
from webapp.oauth.client_settings import settings_of
from webapp.oauth.models import OAuthClient
from webapp.testing import as_user

HEADERS = {"Accept": "text/html", "Sec-Fetch-Site": "cross-site"}


def change(app, wiki, **columns):
    with factories.database_of(app).write() as db:
        client = db.get_one(OAuthClient, wiki.client_id_as_uuid)
        for name, value in columns.items():
            setattr(client, name, value)


@pytest.mark.parametrize(("level", "good"), [("aal2", "pwd otp"), ("phr", "hwk user mfa")])
def test_a_weaker_login_gets_nothing_by_any_grant(app, level, good):
    wiki = registered(app, is_first_party=True)
    factories.user(app, "ada")
    weak, strong = as_user(app, "ada", amr="pwd"), as_user(app, "ada", amr=good)
    code = weak.get(wiki.url(), headers=HEADERS).headers["Location"]
    tokens = wiki.redeem(wiki.returned(weak.get(wiki.url(), headers=HEADERS))["code"]).json
    change(app, wiki, demanded_level=level)
    assert wiki.redeem(code.partition("code=")[2].partition("&")[0]).json["error"] == "invalid_grant"
    assert wiki.refresh(tokens["refresh_token"]).json["error"] == "invalid_grant"
    assert not weak.get(wiki.url(), headers=HEADERS).headers["Location"].startswith(CALLBACK)
    assert "interaction_required" in weak.get(wiki.url(prompt="none"), headers=HEADERS).headers["Location"]
    tokens = wiki.redeem(wiki.returned(strong.get(wiki.url(), headers=HEADERS))["code"]).json
    assert "access_token" in wiki.refresh(tokens["refresh_token"]).json


def test_a_higher_demand_ends_the_access_of_weaker_logins_at_once(app):
    wiki = registered(app, is_first_party=True)
    factories.user(app, "ada")
    weak = as_user(app, "ada", amr="pwd")
    tokens = wiki.redeem(wiki.returned(weak.get(wiki.url(), headers=HEADERS))["code"]).json
    with factories.database_of(app).write() as db:
        client = db.get_one(OAuthClient, wiki.client_id_as_uuid)
        clients.edit(db, client, replace(settings_of(client), demanded_level="phr"))
    assert Script(app, tokens["access_token"]).get("/oauth/userinfo").status_code == 401


def test_lifetimes_are_those_of_the_app_where_they_are_shorter(app, person):
    wiki = registered(app, is_first_party=True, access_lifetime=timedelta(minutes=5), login_lifetime=timedelta(hours=8))
    with time_machine.travel(now(), tick=False) as time:
        tokens = wiki.redeem(wiki.authorize(person)["code"]).json
        assert tokens["expires_in"] == 300
        time.shift(timedelta(hours=7))
        tokens = wiki.refresh(tokens["refresh_token"]).json
        assert tokens["expires_in"] == 300
        change(app, wiki, access_lifetime=timedelta(minutes=2))
        tokens = wiki.refresh(tokens["refresh_token"]).json
        assert tokens["expires_in"] == 120
        time.shift(timedelta(hours=1, seconds=1))
        assert wiki.refresh(tokens["refresh_token"]).json["error"] == "invalid_grant"
    change(app, wiki, access_lifetime=timedelta(days=300), login_lifetime=timedelta(days=9999))
    assert wiki.redeem(wiki.authorize(person)["code"]).json["expires_in"] == 3600


@pytest.mark.parametrize(
    ("columns", "groups"),
    [({}, ["admin", "user"]), ({"group_roles": ["user"]}, ["user"]), ({"group_roles": ["super_admin"]}, [])],
)
def test_it_learns_the_roles_that_it_may(app, columns, groups):
    wiki = registered(app, is_first_party=True, **columns)
    factories.user(app, "grace", role="admin")
    person = Person(app)
    person.log_in("grace")
    tokens = wiki.redeem(wiki.authorize(person)["code"]).json
    asked = Script(app, tokens["access_token"]).get("/oauth/userinfo").json
    assert sorted(asked["groups"]) == sorted(claims(tokens["id_token"])["groups"]) == groups
    change(app, wiki, hides_groups=True)
    assert Script(app, tokens["access_token"]).get("/oauth/userinfo").json["groups"] == []
    tokens = wiki.refresh(tokens["refresh_token"]).json
    assert "groups" not in tokens["scope"].split()
    assert "groups" not in claims(wiki.redeem(wiki.authorize(person)["code"]).json["id_token"])


def test_policies_are_entered_in_the_form_and_by_json(app):
    wiki = registered(app)
    factories.user(app, "chief", role="super_admin")
    chief = Person(app)
    chief.log_in("chief")
    path = f"/admin/clients/{wiki.client_id}"
    for wrong in ({"access_lifetime": "soon"}, {"access_lifetime": "10s"}, {"group_roles": "pope"}):
        chief.open(f"{path}/edit")
        assert chief.press("Save app", **wrong).status_code == 422, wrong
    chief.open(f"{path}/edit")
    page = chief.press(
        "Save app", access_lifetime="15m", login_lifetime="8h", demanded_level="phr", group_roles="admin"
    )
    assert "A passkey" in page.text
    found = chief.ask("GET", path, headers={"Accept": "application/json"}).json
    assert (found["access_lifetime"], found["login_lifetime"], found["demanded_level"]) == ("15m", "8h", "phr")
    chief.open(f"{path}/edit")
    assert 'value="15m"' in chief.page.text
    chief.press("Save app", access_lifetime="", login_lifetime="", demanded_level="")
    found = chief.ask("GET", path, headers={"Accept": "application/json"}).json
    assert (found["access_lifetime"], found["demanded_level"], found["group_roles"]) == (None, "", ["admin"])
