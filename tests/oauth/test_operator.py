"""Who runs an app, and whether anybody has checked its name: what users see before they allow it and afterwards."""

from dataclasses import replace

import pytest
from markupsafe import escape

from tests import factories
from tests.browser import Person
from tests.oauth.app import registered
from tests.oauth.device import started
from tests.second_factors import JSON
from webapp.oauth import client_settings, clients

MARKUP = '<b>Example</b> & "Sons"'


def pages(wiki, person):
    """The consent page, the page of a device, and the list of apps afterwards."""
    consent = person.open(wiki.url(scope="openid")).text
    device = started(wiki, scope="openid")
    asked = device.shown_to(person)
    person.press("Allow", decision="allow")
    return consent, asked, person.open("/account/apps").text


def test_users_see_who_runs_an_app_as_plain_text(person, app):
    for page in pages(registered(app, operator=MARKUP, is_for_devices=True), person):
        assert str(escape(MARKUP)) in page
        assert MARKUP not in page


def test_without_an_operator_nothing_is_said_of_one(person, app):
    for page in pages(registered(app, is_for_devices=True), person):
        assert "run by" not in page.lower()
        assert "registered itself" not in page


def test_users_see_everywhere_that_nobody_has_checked_the_name_of_an_app(person, app):
    wiki = registered(app, is_self_registered=True, is_for_devices=True)
    for page in pages(wiki, person):
        assert "No administrator has checked its name." in page
    device = started(wiki, scope="openid")
    token = person.csrf_token or person.ask("GET", "/device", headers=JSON).json["csrf_token"]
    sent = {"user_code": device.user_code, "csrf_token": token}
    assert person.ask("POST", "/device", json=sent, headers=JSON).json["is_self_registered"]
    assert person.ask("GET", "/account/apps", headers=JSON).json["apps"][0]["is_self_registered"]


@pytest.mark.parametrize("given", ["x" * 101, "a\nb", "a\0b", "Example\u202egro", "\u200bx", "a\tb"])
def test_an_operator_has_one_line_of_bounded_length(app, given):
    with pytest.raises(client_settings.InvalidClientSettings):
        registered(app, operator=given)
    wiki = registered(app, operator=" Example Ltd " + "x" * 88)
    with factories.database_of(app).write() as db:
        client = clients.by_name_or_id(db, wiki.client_id)
        assert client.operator.startswith("Example Ltd x")
        desired = replace(client_settings.settings_of(client), operator=given)
        with pytest.raises(client_settings.InvalidClientSettings):
            clients.edit(db, client, desired)


def test_an_admin_enters_it_in_the_form(app):
    factories.user(app, "chief", role="super_admin")
    chief, wiki = Person(app), registered(app)
    chief.log_in("chief")
    chief.open(f"/admin/clients/{wiki.client_id}/edit")
    assert "Example Ltd" in chief.press("Save app", operator="Example Ltd").text
    chief.open(f"/admin/clients/{wiki.client_id}/edit")
    assert chief.press("Save app", operator="x" * 101).status_code == 422
    chief.open(f"/admin/clients/{wiki.client_id}/edit")
    assert chief.press("Save app", operator="Example\u202e").status_code == 422
    said = chief.ask("GET", f"/admin/clients/{wiki.client_id}", headers=JSON).json
    assert said["operator"] == "Example Ltd"
