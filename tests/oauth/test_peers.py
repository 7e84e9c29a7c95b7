"""Clients that others have written log users in: openid-client, which is certified, oauth4webapi, Authlib and
requests-oauthlib."""

import json
from contextlib import closing
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from authlib.integrations.flask_client import OAuth
from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask
from jwt.algorithms import ECAlgorithm
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session

from tests import factories
from tests.cli.serving import serving, start
from tests.conftest import copied
from tests.oauth.app import App, registered
from tests.oauth.peers import Visitor, drive
from webapp.accounts import service_accounts, user_queries
from webapp.accounts.service_rules import Owner
from webapp.app import close
from webapp.oauth import registration_tokens
from webapp.testing import build

# Nobody listens there: the visitor stops at the URL.
CALLBACK, LOGGED_OUT, NATIVE = "http://127.0.0.1:9/callback", "http://127.0.0.1:9/out", "org.example.phone:/callback"
OVERLAP = 1
RESOURCE = "https://files.example.org"
PRIVATE = ec.generate_private_key(ec.SECP256R1())


def jwk(key: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(ECAlgorithm.to_jwk(key))
    return found | {"kid": "app-1", "use": "sig", "alg": "ES256"}


def clients_of(app: Flask) -> dict[str, App]:
    grace = factories.user(app, "grace", role="admin")
    with factories.database_of(app).write() as db:
        owner = Owner(user=user_queries.by_id(db, grace.id))
        robot = service_accounts.create(db, "robot", role="user", owner=owner, purpose="reads", origin="test").id
    scopes = ["protected:read"]
    return {
        "web": registered(app, "Web", CALLBACK, scopes=scopes, post_logout_redirect_uris=[LOGGED_OUT]),
        "service": registered(app, "Service", None, scopes=scopes, service_account_id=robot, resources=[RESOURCE]),
        "phone": registered(app, "Phone", NATIVE, is_public=True, is_for_devices=True),
        "keyed": registered(app, "Keyed", CALLBACK, jwks=json.dumps({"keys": [jwk(PRIVATE.public_key())]})),
    }


def registration_token_of(app: Flask) -> str:
    with factories.database_of(app).write() as db:
        return registration_tokens.make(
            db, uses=1, lifetime=timedelta(days=1), allows_logout_uri=False, origin="test"
        ).secret


@pytest.fixture(scope="module")
def site(migrated):
    """A running site with one user and its clients: its URL, and what a driver is told of it."""
    with copied(migrated) as instance:
        settings = {"WEBAPP_REFRESH_OVERLAP": f"{OVERLAP}s", "WEBAPP_DYNAMIC_REGISTRATION": "true"}
        server = start(instance, WEBAPP_WORKERS="1", **settings)
        app = build(instance, WEBAPP_BASE_URL=server.url)
        factories.user(app, "ada")
        known = {name: {"id": made.client_id, "secret": made.secret} for name, made in clients_of(app).items()}
        registration = registration_token_of(app)
        close(app)
        known["keyed"]["jwk"] = jwk(PRIVATE)
        with serving(server):
            yield {
                "issuer": server.url,
                "callback": CALLBACK,
                "native": NATIVE,
                "loggedOut": LOGGED_OUT,
                "resource": RESOURCE,
                "overlap": OVERLAP,
                "registrationToken": registration,
                **known,
            }


@pytest.fixture
def visitor(site):
    with closing(Visitor(site["issuer"])) as visitor:
        yield visitor


def test_openid_client_finds_everything_that_it_can_use_working(site, visitor):
    found = drive("openid_client.mjs", visitor, **site)
    assert found == {
        "discovery": True,
        "iss": True,
        "scope": "email groups offline_access openid profile protected:read",
        "claims": {"user": "ada", "email": "ada@example.org", "groups": ["user"], "amr": ["pwd"]},
        "userinfo": "ada",
        "protected resource": 200,
        "refresh": [True, True, True],
        "reuse of a refresh token": "invalid_grant",
        "after the reuse": [False, "invalid_grant"],
        "reuse of a code": "invalid_grant",
        "after that": False,
        "max_age=0": True,
        "prompt=login": True,
        "prompt=none": True,
        "introspection": [True, True, True],
        "revocation": [False, False],
        "pushed request": "client_id request_uri",
        "login by it": True,
        "client credentials": [RESOURCE, "protected:read"],
        "another resource": "invalid_target",
        "DPoP": ["dpop", True],
        "DPoP token as bearer": 401,
        "DPoP refresh without key": "dpop",
        "device": [True, True],
        "device denied": "access_denied",
        "private_key_jwt": True,
        "registration": ["RS256", "ada", False],
        "end session": f"{LOGGED_OUT}?state=bye",
    }


def test_oauth4webapi_logs_a_user_in_to_a_native_app(site, visitor):
    found = drive("oauth4webapi.mjs", visitor, **site)
    assert found == {"metadata of OAuth": True, "userinfo": "ada@example.org", "refresh token": None}


def test_the_flask_client_of_authlib_logs_a_user_in(site, visitor):
    app = Flask("shop")
    app.secret_key = "of the shop"
    shop = OAuth(app).register(
        "latchkey",
        server_metadata_url=f"{site['issuer']}/.well-known/openid-configuration",
        client_id=site["web"]["id"],
        client_secret=site["web"]["secret"],
        client_kwargs={"scope": "openid profile email offline_access", "code_challenge_method": "S256"},
    )

    @app.get("/login")
    def login():
        return shop.authorize_redirect(CALLBACK)

    @app.get("/callback")
    def callback():
        token = shop.authorize_access_token()
        return {"user": token["userinfo"]["preferred_username"], "userinfo": shop.userinfo(token=token)["email"]}

    browser = app.test_client()
    answer = visitor.open(browser.get("/login").headers["Location"])
    assert browser.get(f"/callback?{urlsplit(answer).query}").json == {"user": "ada", "userinfo": "ada@example.org"}


def test_requests_oauthlib_logs_a_user_in_and_refreshes(site, visitor, monkeypatch):
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    monkeypatch.setenv("OAUTHLIB_RELAX_TOKEN_SCOPE", "1")
    issuer, web = site["issuer"], site["web"]
    scopes = ["openid", "profile", "offline_access"]
    with OAuth2Session(web["id"], redirect_uri=CALLBACK, scope=scopes, pkce="S256") as session:
        url, _state = session.authorization_url(f"{issuer}/oauth/authorize")
        given = {"authorization_response": visitor.open(url), "client_secret": web["secret"]}
        first = session.fetch_token(f"{issuer}/oauth/token", **given)
        basic = HTTPBasicAuth(web["id"], web["secret"])
        second = session.refresh_token(f"{issuer}/oauth/token", auth=basic)
        assert first["refresh_token"] != second["refresh_token"]
        assert session.get(f"{issuer}/oauth/userinfo").json()["preferred_username"] == "ada"
