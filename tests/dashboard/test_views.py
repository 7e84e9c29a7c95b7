"""/dashboard: the same struct for a person and for a script; nothing of anybody else."""

from datetime import timedelta

import pytest
import time_machine
from markupsafe import escape

from tests import factories
from tests.browser import Person
from tests.guard.example_routes import add, plain
from tests.script import Script
from tests.tables import contents
from webapp.core.clock import now
from webapp.guard import require, resource
from webapp.testing import with_token


def test_a_script_gets_the_same_as_the_page(person, script):
    by_session = person.ask("GET", "/dashboard", headers={"Accept": "application/json"}).json
    by_token = script.get("/dashboard").json
    assert set(by_session) == set(by_token)
    assert (by_session["username"], by_token["username"]) == ("ada", "ada")
    assert (by_session["credential"], by_token["credential"]) == ("session", "token")


def test_only_pages_that_the_user_can_open_are_listed(app, script):
    paths = [resource["path"] for resource in script.get("/dashboard").json["resources"]]
    assert "/protected" in paths
    assert "/protected/admin" not in paths


def test_an_admin_has_more_pages(app):
    admin = factories.user(app, role="admin")
    script = Script(app, factories.api_token(app, admin).token)
    assert "/protected/admin" in [resource["path"] for resource in script.get("/dashboard").json["resources"]]


def test_pages_of_your_own_come_before_the_examples_and_have_the_title_of_their_resource(app, declared):
    resource("stock", "The stock room", reads="Read the stock.")
    resource("orders", "Orders", reads="Read the orders.")
    for path, scope in (("/zz-stock", "stock:read"), ("/orders", "orders:read"), ("/orders/late", "orders:read")):
        add(app, path, require(scope=scope)(plain("in")))
    token = with_token(app, scopes=["profile:read", "stock:read", "orders:read"])
    found = [(entry["name"], entry["path"]) for entry in token.get("/dashboard").json["resources"]]
    own = [("Orders", "/orders"), ("Orders, late", "/orders/late"), ("The stock room", "/zz-stock")]
    assert found[:3] == own


def test_every_resource_has_a_curl_example_without_a_token(script):
    for shown in script.get("/dashboard").json["resources"]:
        assert "$LATCHKEY_TOKEN" in shown["curl"]
        assert shown["curl"].endswith(f"http://localhost:8000{shown['path']}")


def test_every_curl_example_links_to_a_form_for_that_resource_for_seven_days(person):
    resource = person.ask("GET", "/dashboard", headers={"Accept": "application/json"}).json["resources"][0]
    person.open(resource["mint_href"])
    shown = person.press("Create token", name="for this alone")
    assert resource["scope"] in shown.text


def test_nothing_of_other_users_is_shown(app, person):
    grace = factories.user(app, "grace")
    factories.api_token(app, grace, name="graces token")
    Person(app).log_in("grace")
    for answer in (person.open("/dashboard"), person.ask("GET", "/dashboard", headers={"Accept": "application/json"})):
        assert "grace" not in answer.text


def test_no_secret_is_shown(app, person, script):
    for answer in (person.open("/dashboard"), script.get("/dashboard")):
        assert "eyJ" not in answer.text
        assert "argon2" not in answer.text


def test_the_dashboard_needs_its_own_scope(app, user):
    script = Script(app, factories.api_token(app, user, "protected:read").token)
    assert script.get("/dashboard").json["required"] == ["profile:read"]


def test_opening_the_dashboard_changes_nothing(app, person):
    before = contents(app)
    person.open("/dashboard")
    assert contents(app) == before


@pytest.mark.parametrize("name", ["<b>bold</b>", "{{ 7*7 }}", "'\"><img src=x onerror=alert(1)>"])
def test_names_are_escaped(app, user, person, name):
    factories.api_token(app, user, name=name)
    assert str(escape(name)) in person.open("/dashboard").text


def test_a_user_agent_is_shown_by_name_and_never_raw(app, user):
    person = Person(app, user_agent="<script>alert(1)</script>")
    person.log_in("ada")
    assert "alert(1)" not in person.open("/dashboard").text


@pytest.mark.parametrize(("due", "said"), [(1, "1 token needs attention."), (2, "2 tokens need attention.")])
def test_the_dashboard_shows_how_many_things_need_attention(app, user, person, due, said):
    with time_machine.travel(now() - timedelta(days=28)):
        for _ in range(due):
            factories.api_token(app, user, lifetime=timedelta(days=30))
    assert said in person.open("/dashboard").text


def test_a_token_with_many_scopes_shows_the_first_and_the_number_of_others(app, user, person):
    factories.api_token(app, user, "profile:read", "protected:read", "resources:read", "tokens:read")
    assert "and 2 more" in person.open("/dashboard").text
