"""Apps and devices that get tokens, and scripts that renew, exchange and revoke theirs."""

import json
from datetime import timedelta
from uuid import uuid4

import jwt

from tests.core.forged_tokens import NOON
from tests.login.exchange_calls import exchange
from tests.login.scripts import refresh
from tests.oauth.app import App, registered
from tests.oauth.device import started, tool
from tests.script import Script
from tests.without_valkey.scenarios import counts
from tests.without_valkey.site import Site
from webapp.core.clock import now
from webapp.core.key_material import public_jwk
from webapp.core.signing_keys import generate
from webapp.oauth.client_assertion import TYPE

KEY = generate("ES256", NOON)


@counts("POST /api/auth/refresh", "POST /api/auth/exchange", "POST /api/auth/revoke", limits="token-network")
def wrong_tokens_of_scripts_are_counted(site: Site) -> None:
    assert refresh(site.app, "x").status_code == 401
    assert exchange(site.app, "x").status_code == 400
    assert Script(site.app).post("/api/auth/revoke", json={"token": "x"}).status_code == 200


@counts(
    *("POST /oauth/token", "POST /oauth/introspect", "POST /oauth/revoke", "POST /oauth/register"),
    limits="token-network",
)
def wrong_secrets_of_apps_are_counted(site: Site) -> None:
    wiki = registered(site.app)
    assert wiki.refresh("x").status_code == 400
    wiki.secret = "wrong"
    for name in ("token", "introspect", "revoke"):
        assert wiki.post(f"/oauth/{name}", token="x", grant_type="refresh_token").status_code == 401, name
    headers = {"Authorization": "Bearer x"}
    assert Script(site.app).post("/oauth/register", json={}, headers=headers).status_code == 401


@counts("POST /oauth/token", "POST /oauth/par", limits="spent-assertion token-network")
def an_app_proves_itself_with_a_key_and_each_assertion_once(site: Site) -> None:
    jwk = public_jwk(KEY.public, algorithm="ES256") | {"kid": "k1"}
    bank = registered(site.app, "Bank", jwks=json.dumps({"keys": [jwk]}))
    shown = assertion(bank)
    form = {"client_assertion": shown, "client_assertion_type": TYPE}

    def sent(path: str, **more: str) -> int:
        return Script(site.app).post(path, data=form | more).status_code

    assert sent("/oauth/par", **bank.request) == 201
    assert sent("/oauth/token", grant_type="refresh_token", refresh_token="x") == 401


def assertion(app: App) -> str:
    moment = now()
    claims = {"iss": app.client_id, "sub": app.client_id, "aud": app.site.config["BASE_URL"], "jti": uuid4().hex}
    claims |= {"exp": int((moment + timedelta(minutes=1)).timestamp())}
    return jwt.encode(claims, KEY.private, algorithm="ES256", headers={"kid": "k1"})


@counts("POST /oauth/par", limits="request-pushed")
def a_public_app_pushes_its_request(site: Site) -> None:
    command = registered(site.app, "Tool", is_public=True)
    assert command.post("/oauth/par", **command.request).status_code == 201


@counts(
    *("POST /oauth/device_authorization", "POST /device"),
    limits="device-code-network device-code-client user-code token-network",
)
def a_device_is_allowed(site: Site) -> None:
    device, person = started(tool(site.app)), site.logged_in()
    person.open("/device")
    assert person.press("Continue", user_code="BBBB-BBBB").status_code == 422
    device.allowed_by(person)
    assert device.poll().status_code == 200
