"""What a user has given an app ends at the next request after each event, whatever the app holds of it."""

from dataclasses import replace

import pytest

from tests import factories
from tests.browser import Person
from tests.oauth.app import registered, status
from tests.oauth.device import started
from webapp.accounts import lifecycle, roles, user_queries
from webapp.oauth import clients
from webapp.oauth.client_settings import settings_of
from webapp.oauth.models import AuthorizationCode, Consent, DeviceCode

SCOPE = "openid offline_access protected:read"
EVENTS = {
    "another role of the user": lambda db, user, _client: lifecycle.change_role(db, user, "user"),
    "the role includes less": lambda db, _user, _client: roles.edit(db, roles.find(db, "boss"), "Edits.", ["user"]),
    "the app is for other roles": lambda db, _user, client: clients.edit(
        db, client, replace(settings_of(client), roles=["super_admin"])
    ),
    "everything ended": lambda db, user, _client: lifecycle.end_everything(db, user.id),
    "new password": lambda db, user, _client: lifecycle.set_password(db, user, factories.HASHED),
    "user disabled": lambda db, user, _client: lifecycle.disable(db, user),
    "user closed": lambda db, user, _client: lifecycle.close(db, user),
    "user deleted": lambda db, user, _client: lifecycle.delete(db, user),
    "app disabled": lambda db, _user, client: clients.disable(db, client, origin="test"),
    "app removed": lambda db, _user, client: clients.remove(db, client, origin="test"),
    "withdrawn": lambda db, user, client: clients.withdraw(db, user.id, client.id),
}
RESTORED = {
    "another role of the user": lambda db, user, _client: lifecycle.change_role(db, user, "boss"),
    "the role includes less": lambda db, _user, _client: roles.edit(db, roles.find(db, "boss"), "Edits.", ["admin"]),
}


@pytest.fixture
def held(app):
    """An app for admins, and what it holds of a user: tokens, a code and a device code that was allowed."""
    factories.user(app, "keeper", role="super_admin")
    with factories.database_of(app).write() as db:
        roles.add(db, "boss", "Edits.", ["admin"])
    factories.user(app, "ada", role="boss")
    person, wiki = Person(app), registered(app, roles=["admin"], scopes=["protected:read"], is_for_devices=True)
    person.log_in("ada")
    tokens, code, device = wiki.log_in(person, scope=SCOPE), None, started(wiki, scope=SCOPE)
    device.allowed_by(person)
    code = wiki.authorize(person, scope=SCOPE)["code"]
    return wiki, tokens, code, device


def happens(app, wiki, event):
    with factories.database_of(app).write() as db:
        event(db, user_queries.by_name_or_email(db, "ada"), clients.by_name_or_id(db, wiki.client_id))


def rows_of(app):
    with factories.database_of(app).read() as db:
        return {table.__name__: db.query(table).count() for table in (Consent, AuthorizationCode, DeviceCode)}


@pytest.mark.parametrize("event", EVENTS)
def test_access_ends_at_the_next_request_after(app, held, event):
    wiki, tokens, code, device = held
    assert [status(app, tokens["access_token"], path) for path in ("/protected", "/oauth/userinfo")] == [200, 200]
    assert wiki.post("/oauth/introspect", token=tokens["access_token"]).json["active"]
    happens(app, wiki, EVENTS[event])
    assert [status(app, tokens["access_token"], path) for path in ("/protected", "/oauth/userinfo")] == [401, 401]
    refused = "invalid_client" if event in ("app disabled", "app removed") else "invalid_grant"
    answers = wiki.refresh(tokens["refresh_token"]), wiki.redeem(code), device.poll()
    assert [answer.json["error"] for answer in answers] == [refused] * 3
    for name in ("access_token", "refresh_token"):
        said = wiki.post("/oauth/introspect", token=tokens[name]).json
        assert said.get("active", False) is False, (name, said)
    if event in ("user deleted", "app removed"):
        assert rows_of(app) == {"Consent": 0, "AuthorizationCode": 0, "DeviceCode": 0}


@pytest.mark.parametrize("event", RESTORED)
def test_whoever_gets_the_role_back_has_the_same_access_again(app, held, event):
    wiki, tokens, _code, _device = held
    happens(app, wiki, EVENTS[event])
    assert status(app, tokens["access_token"]) == 401
    happens(app, wiki, RESTORED[event])
    assert status(app, tokens["access_token"]) == 200
    assert "access_token" in wiki.refresh(tokens["refresh_token"]).json


def set_for_whom(app, wiki, roles, people=()):
    def change(db, user, client):
        ids = [str(user.id) for _name in people]
        clients.edit(db, client, replace(settings_of(client), roles=roles, people=ids))

    happens(app, wiki, change)


def test_users_who_may_still_use_an_app_refresh_after_it_is_for_others(app, held):
    wiki, tokens, _code, _device = held
    for roles_of_app, people in ((["admin", "super_admin"], ()), (["super_admin"], ["ada"])):
        set_for_whom(app, wiki, roles_of_app, people)
        assert status(app, tokens["access_token"]) == 401
        tokens = wiki.refresh(tokens["refresh_token"]).json
        assert status(app, tokens["access_token"]) == 200
    happens(app, wiki, EVENTS["another role of the user"])
    assert status(app, tokens["access_token"]) == 200, "she is named beside the roles"
    set_for_whom(app, wiki, ["super_admin"])
    assert status(app, tokens["access_token"]) == 401
    assert wiki.refresh(tokens["refresh_token"]).json["error"] == "invalid_grant"
