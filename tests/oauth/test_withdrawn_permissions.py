"""What a change of an app ends of what it has got: each event with everything that an app can hold of a user."""

from dataclasses import dataclass, replace
from uuid import uuid4

import pytest

from tests import factories
from tests.browser import Person
from tests.oauth.app import App, registered, status
from tests.oauth.device import Device, started
from tests.second_factors import JSON
from webapp.accounts import user_queries
from webapp.oauth import client_secrets, clients, consents
from webapp.oauth.client_settings import settings_of
from webapp.oauth.models import AuthorizationCode, DeviceCode
from webapp.tokens import refresh_families, script_logins

FILES = "https://files.example.org"
API, OTHER = "protected:read", "profile:read"
SCOPE = f"openid offline_access {API} {OTHER}"


@dataclass
class Held:
    """What an app holds of a user, and a token that the user has made themselves."""

    app: App
    person: Person
    own_token: str
    at_api: dict[str, str]
    """Tokens with every scope."""
    at_login: dict[str, str]
    """Tokens without a scope of the API."""
    at_service: dict[str, str]
    code: str
    service_code: str
    device: Device
    pushed: str

    def outcomes(self):
        """The result of each use, in one word."""
        site, wiki = self.app.site, self.app
        service = wiki.post("/oauth/introspect", token=self.at_service["access_token"]).json
        url = f"/oauth/authorize?client_id={wiki.client_id}&request_uri={self.pushed}"
        shown = self.person.ask("GET", url, headers={"Sec-Fetch-Site": "cross-site"})
        found = {
            "access token": status(site, self.at_api["access_token"]),
            "access token without the scope": status(site, self.at_login["access_token"], "/oauth/userinfo"),
            "token for a service": "active" if service.get("active") else "ended",
            "user's own token": status(site, self.own_token),
            "refresh token": granted(wiki.refresh(self.at_api["refresh_token"])),
            "refresh token for a service": granted(wiki.refresh(self.at_service["refresh_token"])),
            "code": granted(wiki.redeem(self.code)),
            "code for a service": granted(wiki.redeem(self.service_code)),
            "device code": granted(self.device.poll()),
        }
        location = shown.headers.get("Location", "")
        if "code=" in location:
            found["pushed request"] = granted(wiki.redeem(wiki.returned(shown)["code"]))
        else:
            found["pushed request"] = shown.status_code if not location else wiki.returned(shown)["error"]
        return found


def granted(answer):
    """``all``, ``less`` where the scope of the API is missing, or the error."""
    said = answer.json
    if "error" in said:
        return said["error"]
    return "all" if API in said["scope"].split() else "less"


@pytest.fixture
def held(app):
    user = factories.user(app, "ada")
    given = {"scopes": [API, OTHER], "resources": [FILES], "roles": ["user"], "is_for_devices": True}
    wiki, person = registered(app, is_first_party=True, **given), Person(app)
    person.log_in("ada")
    device = started(wiki, scope=SCOPE)
    device.allowed_by(person)
    return Held(
        app=wiki,
        person=person,
        own_token=factories.api_token(app, user, API).token,
        at_api=wiki.redeem(wiki.authorize(person, scope=SCOPE)["code"]).json,
        at_login=wiki.redeem(wiki.authorize(person, scope="openid offline_access")["code"]).json,
        at_service=wiki.redeem(wiki.authorize(person, scope="openid offline_access", resource=FILES)["code"]).json,
        code=wiki.authorize(person, scope=SCOPE)["code"],
        service_code=wiki.authorize(person, scope="openid", resource=FILES)["code"],
        device=device,
        pushed=wiki.post("/oauth/par", **wiki.request | {"scope": SCOPE}).json["request_uri"],
    )


def edited(**changed):
    return lambda db, client: clients.edit(db, client, replace(settings_of(client), **changed))


def secrets_replaced(db, client):
    for _time in range(2):
        client_secrets.add_secret(db, client)


SAME = {
    "access token": 200,
    "access token without the scope": 200,
    "token for a service": "active",
    "user's own token": 200,
    "refresh token": "all",
    # What was requested for it has no scope of the API.
    "refresh token for a service": "less",
    "code": "all",
    "code for a service": "less",
    "device code": "all",
    "pushed request": "all",
}
USES = ("refresh token", "refresh token for a service", "code", "code for a service", "device code")
ENDED = {"access token": 401, "access token without the scope": 401, "token for a service": "ended"}
NOT_FOR_THE_USER = ENDED | dict.fromkeys(USES, "invalid_grant") | {"pushed request": 403}
NO_CLIENT = ENDED | dict.fromkeys(USES, "invalid_client") | {"pushed request": 400}
EVENTS = {
    "nothing that matters": (edited(access_lifetime=None, is_first_party=True), {}),
    "more scopes": (edited(scopes=[API, OTHER, "resources:read"], resources=[FILES, "https://maps.example.org"]), {}),
    "a scope": (
        edited(scopes=[OTHER]),
        {"access token": 401} | dict.fromkeys(("refresh token", "code", "device code", "pushed request"), "less"),
    ),
    "all scopes": (
        edited(scopes=[]),
        {"access token": 401} | dict.fromkeys(("refresh token", "code", "device code", "pushed request"), "less"),
    ),
    "a service": (
        edited(resources=[]),
        {"token for a service": "ended"}
        | dict.fromkeys(("refresh token for a service", "code for a service"), "invalid_target"),
    ),
    "its role": (edited(roles=["admin"]), NOT_FOR_THE_USER),
    "its people": (edited(roles=[], people=[str(uuid4())]), NOT_FOR_THE_USER),
    "disabled": (lambda db, client: clients.disable(db, client, origin="test"), NO_CLIENT),
    "removed": (lambda db, client: clients.remove(db, client, origin="test"), NO_CLIENT),
    # Whoever has the former secret can use nothing; what the user allowed goes on with the new one.
    "its secret": (
        secrets_replaced,
        {"token for a service": "ended", "pushed request": "invalid_client"} | dict.fromkeys(USES, "invalid_client"),
    ),
}


@pytest.mark.parametrize("taken", EVENTS)
def test_after_an_app_has_lost(app, held, taken):
    event, changed = EVENTS[taken]
    with factories.database_of(app).write() as db:
        event(db, clients.by_name_or_id(db, "Wiki"))
    assert held.outcomes() == SAME | changed


def test_an_app_whose_secret_was_replaced_goes_on_with_the_new_one(app, held):
    with factories.database_of(app).write() as db:
        secrets_replaced(db, clients.by_name_or_id(db, "Wiki"))
        held.app.secret = client_secrets.add_secret(db, clients.by_name_or_id(db, "Wiki"))
    assert held.outcomes() == SAME


def test_what_was_for_the_taken_scope_alone_ends(app, held):
    """Of a device, also the login that began when its user allowed it."""
    wiki, device = held.app, started(held.app, scope=API)
    device.allowed_by(held.person)
    code = wiki.authorize(held.person, scope=API)["code"]
    with factories.database_of(app).write() as db:
        user = user_queries.by_name_or_email(db, "ada")
        former = len(script_logins.live(db, user.id))
        edited(scopes=[OTHER])(db, clients.by_name_or_id(db, "Wiki"))
    assert [wiki.redeem(code).json["error"], device.error()] == ["invalid_grant"] * 2
    with factories.database_of(app).read() as db:
        assert len(script_logins.live(db, user.id)) == former - 1
        rows = [row for kind in (AuthorizationCode, DeviceCode) for row in db.query(kind) if not row.used_at]
        assert not any(API in row.scopes for row in rows)


def test_the_page_of_a_user_has_only_what_the_app_can_still_do(app, held):
    with factories.database_of(app).write() as db:
        user = user_queries.by_name_or_email(db, "ada")
        consents.give(db, user.id, clients.by_name_or_id(db, "Wiki"), ["openid", API], resources=[FILES])
    said = held.person.ask("GET", "/account/apps", headers=JSON).json["apps"][0]
    assert API in said["scopes"]
    assert f"Use your account at {FILES}." in said["sentences"]
    with factories.database_of(app).write() as db:
        edited(scopes=[], resources=[])(db, clients.by_name_or_id(db, "Wiki"))
    said = held.person.ask("GET", "/account/apps", headers=JSON).json["apps"][0]
    assert API not in said["scopes"]
    assert len(said["sentences"]) == len(said["scopes"])


def test_tokens_with_a_scope_whose_name_contains_the_taken_one_stay(app, held):
    with factories.database_of(app).write() as db:
        refresh_families.end_access_tokens_of_client(
            db, held.app.client_id_as_uuid, holding={"protected", "read", "%", FILES[:-1], 'x"\\'}
        )
    assert held.outcomes() == SAME
