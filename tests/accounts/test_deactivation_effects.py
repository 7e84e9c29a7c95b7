"""Whoever disables, closes or deletes an account sees what stops with it, and may hand its service accounts over."""

from collections.abc import Callable, Mapping

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests import factories
from tests.accounts.owned_objects import script_login_of
from tests.prepared_states import PreparedStates
from tests.tables import contents, events
from webapp.accounts import lifecycle, roles, service_accounts
from webapp.accounts.models import User
from webapp.accounts.service_rules import Owner
from webapp.core.db import Database
from webapp.testing import HeaderClient, as_user, user_named, with_token
from webapp.web.registry import services_of

JSON = {"Accept": "application/json", "Sec-Fetch-Site": "same-origin"}
REASON = {"reason": "left the site"}
USERS = "/admin/users"


OWNED = {"deploy": ("editor", "ada"), "backup": ("user", "ada"), "of-bob": ("user", "bob")}


@pytest.fixture
def site(app: Flask, prepared_states: PreparedStates) -> Flask:
    prepared_states.once(app, lambda: add_owners(app), "owners of several")
    return app


def add_owners(app: Flask) -> None:
    """Ada owns `deploy`, with the role `editor`, and `backup`, with `user`. Bob owns one, too."""
    with services_of(app).get(Database).write() as db:
        roles.add(db, "editor", "Edits.", ["user"])
    made = {"ada": "editor", "grace": "editor", "joe": "user", "gone": "editor", "bob": "user", "mara": "super_admin"}
    for name, role in made.items():
        factories.user(app, name, role=role)
    with services_of(app).get(Database).write() as db:
        for name, (role, owner) in OWNED.items():
            owned_by = Owner(db.get_one(User, user_named(app, owner).id))
            service_accounts.create(db, name, role=role, owner=owned_by, purpose=f"purpose of {name}", origin="cli")
        lifecycle.disable(db, db.get_one(User, user_named(app, "gone").id))


def by(app: Flask, name: str) -> HeaderClient:
    caller = as_user(app, name)
    caller.sends = JSON
    return caller


def disable(app: Flask, caller: HeaderClient, **sent: str) -> TestResponse:
    return caller.post(f"{USERS}/{user_named(app, 'ada').id}/disable", json=REASON | sent)


def disable_several(app: Flask, caller: HeaderClient, **sent: str) -> TestResponse:
    ids = [str(user_named(app, name).id) for name in ("ada", "bob")]
    return caller.post(f"{USERS}/disable", json=REASON | sent | {"ids": ids})


def delete(app: Flask, caller: HeaderClient, **sent: str) -> TestResponse:
    return caller.post(f"{USERS}/{user_named(app, 'ada').id}/delete", json=REASON | sent | {"username": "ada"})


def close(app: Flask, caller: HeaderClient, **sent: str) -> TestResponse:
    return caller.post("/account/close", json=sent | {"username": "ada"})


WAYS: Mapping[str, tuple[Callable[..., TestResponse], str]] = {
    "disable": (disable, "mara"),
    "disable several": (disable_several, "mara"),
    "delete": (delete, "mara"),
    "close": (close, "ada"),
}
# What is sent, and either who owns them afterwards or the field that is refused.
CHOICES: Mapping[str, tuple[dict[str, str], str | None, str]] = {
    "nobody": ({}, None, ""),
    "empty": ({"services_to": "", "services_to_role": ""}, None, ""),
    "a person": ({"services_to": "grace"}, "grace", ""),
    "a person by another spelling": ({"services_to": " GRACE "}, "grace", ""),
    "a role": ({"services_to_role": "editor"}, "role editor", ""),
    "both": ({"services_to": "grace", "services_to_role": "editor"}, None, "services_to"),
    "a person with less": ({"services_to": "joe"}, None, "services_to"),
    "a person who is disabled": ({"services_to": "gone"}, None, "services_to"),
    "a person who does not exist": ({"services_to": "nobody"}, None, "services_to"),
    "who leaves": ({"services_to": "ada"}, None, "services_to"),
    "a service account": ({"services_to": "deploy"}, None, "services_to"),
    "a role that does not exist": ({"services_to_role": "nothing"}, None, "services_to_role"),
    "a role with less": ({"services_to_role": "user"}, None, "services_to_role"),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("choice", CHOICES)
def test_service_accounts_stop_or_are_handed_over_or_nothing_happens(site, way, choice):
    act, actor = WAYS[way]
    sent, owner, refused = CHOICES[choice]
    tokens = [with_token(site, of=name, scopes=("protected:read",)) for name in ("deploy", "backup")]
    caller, before = by(site, actor), contents(site)
    answer = act(site, caller, **sent)
    if refused:
        assert (answer.status_code, list(answer.json["errors"])) == (422, [refused])
        assert contents(site) == before
        return
    assert answer.status_code in (200, 204), answer.text
    statuses = [token.get("/protected").status_code for token in tokens]
    assert statuses == ([200, 200] if owner else [401, 401])
    found = by(site, "mara").get(f"{USERS}/service-accounts?q=").json["service_accounts"]
    owners = {one["username"]: one["owner"] or f"role {one['owner_role']}" for one in found if not one["owner_problem"]}
    expected = {"deploy": owner, "backup": owner} if owner else {}
    expected |= {"of-bob": "bob"} if way != "disable several" else {"of-bob": owner} if owner else {}
    assert owners == expected
    handed = events(site, "service-account.handed-over")
    assert {event["actor_id"] for event in handed} == ({user_id(site, actor)} if owner else set())


def user_id(app: Flask, name: str) -> str:
    return user_named(app, name).id.hex


@pytest.mark.parametrize("way", ["disable", "disable several", "delete"])
@pytest.mark.parametrize("field", ["services_to", "services_to_role"])
def test_a_token_takes_away_but_hands_nothing_over(site, way, field):
    """Otherwise whoever has the token could give themselves the tokens of others."""
    script = with_token(site, of="mara", scopes=("admin:write",))
    act, before = WAYS[way][0], contents(site)
    answer = act(site, script, **{field: {"services_to": "grace", "services_to_role": "editor"}[field]})
    told = answer.status_code, answer.json["code"], answer.json["required"]
    assert told == (403, "scope_required", ["session"])
    assert contents(site) == before
    assert act(site, script).status_code in (200, 204)


PAGES = {
    "disable": (f"{USERS}/{{ada}}/disable", "mara"),
    "delete": (f"{USERS}/{{ada}}/delete", "mara"),
    "close": ("/account/close", "ada"),
}


@pytest.mark.parametrize("page", PAGES)
def test_the_page_names_what_stops_and_offers_the_hand_over(site, page):
    ada = user_named(site, "ada")
    factories.api_token(site, ada, name="laptop")
    script_login_of(site, ada)
    path, actor = PAGES[page]
    shown = as_user(site, actor).get(path.format(ada=ada.id)).text
    for name in ("laptop", "deploy", "purpose of backup", 'name="services_to"', 'name="services_to_role"'):
        assert name in shown
    assert "of-bob" not in shown
    joe = user_named(site, "joe")
    nothing = as_user(site, "joe" if page == "close" else actor).get(path.format(ada=joe.id)).text
    assert "services_to" not in nothing


def test_the_page_for_several_names_the_service_accounts_of_all(site):
    ids = "&".join(f"ids={user_named(site, name).id}" for name in ("ada", "bob"))
    shown = as_user(site, "mara").get(f"{USERS}/disable?{ids}").text
    for name in ("deploy", "backup", "of-bob", 'name="services_to"'):
        assert name in shown


def test_as_json_they_are_with_the_user(site):
    found = by(site, "mara").get(f"{USERS}/{user_named(site, 'ada').id}").json
    assert [one["username"] for one in found["service_accounts"]] == ["backup", "deploy"]
    assert found["service"] is None


def test_closing_says_nothing_about_who_else_there_is(site):
    """The same for somebody who does not exist as for somebody with too few roles."""
    caller = by(site, "ada")
    answers = [close(site, caller, services_to=name).json for name in ("nobody", "joe", "gone", "deploy")]
    assert {str(answer["errors"]) for answer in answers} == {
        "{'services_to': ['This user does not exist or cannot own all of these service accounts. Enter another user.']}"
    }
