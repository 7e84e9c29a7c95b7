"""/oauth/register: apps register themselves with a token of an admin (RFC 7591)."""

from datetime import timedelta

import pytest
import time_machine

from tests import factories
from tests.browser import Person
from tests.oauth.app import App
from tests.script import Script
from tests.tables import contents, events
from webapp.core.clock import now
from webapp.oauth import clients, registration, registration_tokens

CALLBACK = "https://notes.example.org/callback"
MINIMAL = {"redirect_uris": [CALLBACK]}


@pytest.fixture
def site(make_app):
    return make_app(WEBAPP_DYNAMIC_REGISTRATION="true")


def token_of(site, uses=1, lifetime=timedelta(days=1), allows_logout_uri=False):
    with factories.database_of(site).write() as db:
        return registration_tokens.make(
            db, uses=uses, lifetime=lifetime, allows_logout_uri=allows_logout_uri, origin="test"
        ).secret


def register(site, token, **said):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return Script(site).post("/oauth/register", json=said, headers=headers)


def test_an_app_registers_itself_and_logs_its_user_in(site):
    answer = register(
        site, token_of(site), **MINIMAL, client_name="Notes", logo_uri="https://10.0.0.1/x", scope="admin"
    )
    assert (answer.status_code, answer.headers["Cache-Control"]) == (201, "no-store")
    made = answer.json
    assert made["client_id_issued_at"] > 0
    assert made["client_secret_expires_at"] == 0
    about = {
        "client_name": "Notes",
        "redirect_uris": [CALLBACK],
        "post_logout_redirect_uris": [],
        "token_endpoint_auth_method": "client_secret_basic",
        "grant_types": ["authorization_code"],
        "response_types": ["code"],
        "subject_type": "public",
        "id_token_signed_response_alg": "RS256",
        "require_pushed_authorization_requests": False,
    }
    given = {"client_id", "client_id_issued_at", "client_secret", "client_secret_expires_at"}
    assert {name: value for name, value in made.items() if name not in given} == about
    with factories.database_of(site).read() as db:
        client = clients.by_name_or_id(db, "Notes")
        assert client.is_self_registered
        assert not client.is_first_party
        assert (client.service_account_id, client.scopes, client.roles) == (None, [], [])
        assert made["client_secret"] not in str(contents(site))
    factories.user(site, "ada")
    person, notes = Person(site), App(site, made["client_id"], made["client_secret"], CALLBACK)
    person.log_in("ada")
    assert "This app has registered itself." in person.open(notes.url()).text
    assert notes.log_in(person, scope="openid")["id_token"]
    metadata = Script(site).get("/.well-known/openid-configuration").json
    assert metadata["registration_endpoint"].endswith("/oauth/register")


REFUSED = (
    ({}, "invalid_redirect_uri"),
    ({"redirect_uris": []}, "invalid_redirect_uri"),
    ({"redirect_uris": ["http://notes.example.org/cb"]}, "invalid_redirect_uri"),
    ({"redirect_uris": ["https://notes.example.org/#x"]}, "invalid_redirect_uri"),
    ({"redirect_uris": ["javascript:alert(1)"]}, "invalid_redirect_uri"),
    ({"redirect_uris": [CALLBACK], "post_logout_redirect_uris": ["x"]}, "invalid_redirect_uri"),
    ({"redirect_uris": [f"{CALLBACK}/{n}" for n in range(21)]}, "invalid_client_metadata"),
    ({"redirect_uris": CALLBACK}, "invalid_client_metadata"),
    ({"redirect_uris": [1]}, "invalid_client_metadata"),
    (MINIMAL | {"client_name": 1}, "invalid_client_metadata"),
    (MINIMAL | {"client_name": "x" * 51}, "invalid_client_metadata"),
    (MINIMAL | {"client_name": "a\nb"}, "invalid_client_metadata"),
    (MINIMAL | {"response_types": ["token"]}, "invalid_client_metadata"),
    (MINIMAL | {"grant_types": ["client_credentials"]}, "invalid_client_metadata"),
    (MINIMAL | {"grant_types": ["implicit"]}, "invalid_client_metadata"),
    (MINIMAL | {"grant_types": []}, "invalid_client_metadata"),
    (MINIMAL | {"token_endpoint_auth_method": "tls_client_auth"}, "invalid_client_metadata"),
    (MINIMAL | {"token_endpoint_auth_method": "private_key_jwt"}, "invalid_client_metadata"),
    (MINIMAL | {"jwks": {"keys": []}}, "invalid_client_metadata"),
    (MINIMAL | {"jwks": {}, "token_endpoint_auth_method": "private_key_jwt"}, "invalid_client_metadata"),
    (MINIMAL | {"jwks_uri": "https://notes.example.org/jwks"}, "invalid_client_metadata"),
    (MINIMAL | {"software_statement": "x.y.z"}, "invalid_client_metadata"),
    (MINIMAL | {"subject_type": "x"}, "invalid_client_metadata"),
    (MINIMAL | {"id_token_signed_response_alg": "none"}, "invalid_client_metadata"),
    (MINIMAL | {"id_token_signed_response_alg": "HS256"}, "invalid_client_metadata"),
    (MINIMAL | {"userinfo_signed_response_alg": "ES256"}, "invalid_client_metadata"),
    (MINIMAL | {"id_token_encrypted_response_alg": "RSA-OAEP"}, "invalid_client_metadata"),
)


def test_what_is_not_supported_is_refused_and_uses_up_no_token(site):
    token = token_of(site)
    before = contents(site)
    for said, error in REFUSED:
        answer = register(site, token, **said)
        assert (answer.status_code, answer.json["error"]) == (400, error), said
        assert answer.json["error_description"].isascii()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    twice = f'{{"redirect_uris": ["{CALLBACK}"], "redirect_uris": ["https://evil.example/"]}}'
    deep = f'{{"redirect_uris": ["{CALLBACK}"], "x": {"[" * 5000}'
    for body in ("", "[]", "{", "null", '"x"', '{"redirect_uris": null}', "{}{}", "\x00", twice, deep):
        answer = Script(site).post("/oauth/register", data=body, headers=headers)
        assert (answer.status_code, answer.json["error"]) == (400, "invalid_client_metadata"), body
    form = headers | {"Content-Type": "application/x-www-form-urlencoded"}
    assert Script(site).post("/oauth/register", data="redirect_uris=x", headers=form).status_code == 400
    for wrong in ("", "x", "a.b.c"):
        answer = register(site, wrong, **MINIMAL)
        assert (answer.status_code, answer.json["error"]) == (401, "invalid_token")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer ")
    unchanged = {name: rows for name, rows in contents(site).items() if name != "rate_bucket"}
    assert unchanged == {name: rows for name, rows in before.items() if name != "rate_bucket"}


def test_a_token_ends_with_its_uses_its_time_and_its_revocation(site):
    token = token_of(site, uses=2)
    names = [register(site, token, **MINIMAL).json["client_name"] for _ in range(2)]
    assert names == ["notes.example.org", "notes.example.org 2"]
    assert register(site, token, **MINIMAL).status_code == 401
    token = token_of(site)
    with time_machine.travel(now() + timedelta(days=1, seconds=1), tick=False):
        assert register(site, token, **MINIMAL).status_code == 401
        with factories.database_of(site).write() as db:
            assert registration_tokens.purge(db) == 2
    token = token_of(site)
    with factories.database_of(site).write() as db:
        assert registration_tokens.revoke(db, registration_tokens.list_usable(db)[0].id, origin="test")
    assert register(site, token, **MINIMAL).status_code == 401
    assert [event["event"] for event in events(site) if "registration" in str(event["event"])][-1].endswith("revoked")


def test_only_so_many_apps_register(site, monkeypatch):
    monkeypatch.setattr(registration, "MAX_APPS", 1)
    token = token_of(site, uses=2)
    assert register(site, token, **MINIMAL).status_code == 201
    assert register(site, token, **MINIMAL).json["error"] == "invalid_client_metadata"


@pytest.mark.parametrize("allowed", [True, False])
def test_logout_notices_need_the_permission_of_the_admin(site, allowed):
    token = token_of(site, allows_logout_uri=allowed)
    said = register(site, token, **MINIMAL, backchannel_logout_uri="https://notes.example.org/logout").json
    assert ("backchannel_logout_uri" in said) is allowed


def test_a_public_app_and_one_for_devices_get_no_secret(site):
    device = ["urn:ietf:params:oauth:grant-type:device_code", "refresh_token"]
    token = token_of(site, uses=2)
    for said in (MINIMAL, {"grant_types": device}):
        answer = register(site, token, **said, token_endpoint_auth_method="none")
        assert answer.status_code == 201, answer.json
        assert "client_secret" not in answer.json


def test_it_is_off_by_default(app):
    answer = register(app, token_of(app), **MINIMAL)
    assert answer.status_code == 404
    assert "registration_endpoint" not in Script(app).get("/.well-known/openid-configuration").json


def test_an_admin_makes_and_revokes_tokens(site):
    factories.user(site, "keeper", role="super_admin")
    keeper = Person(site)
    keeper.log_in("keeper")
    keeper.visit("GET", "/admin/clients/registration")
    page = keeper.press("Create token", uses="1", days="2")
    assert page.status_code == 201
    token = page.text.partition('id="token"')[2].partition(">")[2].partition("<")[0]
    assert register(site, token, **MINIMAL).status_code == 201
    assert "registered itself" in keeper.visit("GET", "/admin/clients").text
    keeper.visit("GET", "/admin/clients/registration")
    keeper.press("Create token", uses="3", days="1")
    keeper.visit("GET", "/admin/clients/registration")
    keeper.press("Revoke")
    with factories.database_of(site).read() as db:
        assert not registration_tokens.list_usable(db)
    assert keeper.press("Create token", uses="0", days="99").status_code == 422
