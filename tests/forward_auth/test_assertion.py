"""The assertion about the user, verified by an app that has nothing of this site but ``verify.py``."""

import json
import re
import sys
from datetime import timedelta
from pathlib import Path

import flask
import pytest
import time_machine

from tests import factories
from tests.core.forged_tokens import NOON
from tests.forward_auth.proxy import proxied
from webapp import verify
from webapp.core import jwt
from webapp.core.keys import KeyRing
from webapp.forward_auth.app_settings import RuleSettings
from webapp.forward_auth.identity_headers import ASSERTION, TYP
from webapp.testing import user_named
from webapp.verify import AssertionVerifier, Expired, Invalid, PublishedKeys
from webapp.web.registry import services_of

SITE, WIKI = "https://login.example.org", "https://wiki.example.org"
DOCUMENT = Path(__file__).resolve().parents[2] / "docs/forward-auth.md"
CLAIMS = {
    "iss": SITE,
    "aud": WIKI,
    "sub": "9f6c",
    "iat": int(NOON.timestamp()),
    "exp": int(NOON.timestamp()) + 60,
    "htm": "GET",
    "path": "/page",
    "preferred_username": "ada",
}


@pytest.fixture
def noon():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def key(app):
    return services_of(app).get(KeyRing).view().current


@pytest.fixture
def published(app):
    return json.dumps(app.test_client().get("/.well-known/jwks.json", base_url=SITE).json).encode()


@pytest.fixture
def verifier(published):
    return AssertionVerifier(SITE, audience=WIKI, keys=PublishedKeys(SITE, fetch=lambda _: published).find)


@pytest.fixture
def assertion(app, proxy):
    """Of a request, as its app gets it."""

    def sent(url=f"{WIKI}/page", method="GET"):
        token = factories.api_token(app, user_named(app, "eve"), "app:wiki").token
        return proxy.check(url, method, headers={"Authorization": f"Bearer {token}"}).headers[ASSERTION]

    proxied(app, "wiki", RuleSettings(path="/public/*", is_public=True), RuleSettings())
    return sent


def test_the_claims_say_who_the_user_is(verifier, assertion):
    claims = verifier.verify(assertion(), method="GET", path="/page")
    assert (claims["preferred_username"], claims["email"], claims["groups"]) == ("eve", "eve@example.org", ["user"])
    assert claims["exp"] - claims["iat"] == 60


def test_an_assertion_is_valid_for_one_minute(verifier, assertion, noon):
    sent = assertion()
    noon.shift(timedelta(seconds=59))
    assert verifier.verify(sent, method="GET", path="/page")
    noon.shift(timedelta(seconds=1))
    with pytest.raises(Expired):
        verifier.verify(sent, method="GET", path="/page")


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/page"), ("GET", "/other"), ("GET", "/page/"), ("GET", "/%70age"), ("get", "/page")]
)
def test_an_assertion_is_for_one_method_and_path(verifier, assertion, method, path):
    with pytest.raises(Invalid):
        verifier.verify(assertion(), method=method, path=path)


CHANGES = {
    "another site": {"iss": "https://login.example.net"},
    "another app": {"aud": "https://notes.example.org"},
    "the host without scheme": {"aud": "wiki.example.org"},
    "several apps": {"aud": [WIKI, "https://notes.example.org"]},
    "the future": {"iat": int(NOON.timestamp()) + 3600},
    "a path that is no text": {"path": ["/page"]},
    "a user that is no text": {"preferred_username": 1},
    **{f"without {name}": {name: ...} for name in CLAIMS},
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_signed_assertion_with_another_claim_is_refused(verifier, key, noon, change):
    claims = {name: value for name, value in (CLAIMS | change).items() if value is not ...}
    with pytest.raises(Invalid):
        verifier.verify(jwt.sign(claims, typ=TYP, key=key), method="GET", path="/page")


def test_the_same_without_the_change_is_accepted(verifier, key, noon):
    assert verifier.verify(jwt.sign(CLAIMS, typ=TYP, key=key), method="GET", path="/page") == CLAIMS


@pytest.mark.parametrize("typ", ["at+jwt", "JWT", "dpop+jwt"])
def test_a_token_of_another_kind_is_no_assertion(verifier, key, noon, typ):
    with pytest.raises(Invalid):
        verifier.verify(jwt.sign(CLAIMS, typ=typ, key=key), method="GET", path="/page")


def test_an_api_token_is_no_assertion_and_the_other_way_round(app, proxy, verifier, assertion):
    token = factories.api_token(app, user_named(app, "eve"), "app:wiki").token
    with pytest.raises(Invalid):
        verifier.verify(token, method="GET", path="/page")
    assert proxy.check(f"{WIKI}/page", headers={"Authorization": f"Bearer {assertion()}"}).status_code == 401


@pytest.mark.parametrize("sent", [None, "", "x", "a.b.c", "x" * 10_000])
def test_what_is_no_assertion_is_refused(verifier, sent):
    with pytest.raises(Invalid):
        verifier.verify(sent, method="GET", path="/page")


def shown(environ, start_response):
    start_response("200 OK", [])
    return [f"{environ.get('REMOTE_USER')} {environ.get('HTTP_REMOTE_USER')}".encode()]


def answered(wsgi, path, assertion, method="GET", **more):
    statuses = []
    environ = {"REQUEST_METHOD": method, "SCRIPT_NAME": "", "PATH_INFO": path, "HTTP_REMOTE_USER": "evil", **more}
    environ |= {} if assertion is None else {"HTTP_X_LATCHKEY_ASSERTION": assertion}
    body = b"".join(wsgi(environ, lambda status, _headers: statuses.append(status[:3])))
    return statuses[0], body.decode()


def test_a_wsgi_app_gets_the_verified_user_alone(verifier, assertion):
    wsgi = verifier.wsgi(shown)
    sent = assertion(f"{WIKI}/%C3%A4/x")
    assert answered(wsgi, "/Ã¤/x", sent) == ("200", "eve None")
    assert answered(wsgi, "/x", sent, SCRIPT_NAME="/Ã¤") == ("200", "eve None")
    assert answered(wsgi, "/other", sent)[0] == "401"
    assert answered(wsgi, "/Ã¤/x", sent, method="POST")[0] == "401"
    assert answered(wsgi, "/Ã¤/x", None, REMOTE_USER="evil")[0] == "401"
    assert answered(wsgi, "/Ã¤/x", "")[0] == "401"


def test_a_wsgi_app_with_public_paths_has_no_user_there(verifier, assertion):
    wsgi = verifier.wsgi(shown, allow_anonymous=True)
    assert answered(wsgi, "/public/x", assertion(f"{WIKI}/public/x"), REMOTE_USER="evil") == ("200", "None None")
    assert answered(wsgi, "/page", assertion(), REMOTE_USER="evil") == ("200", "eve None")
    assert answered(wsgi, "/page", "x")[0] == "401"


SNIPPETS = [code for code in re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(), re.DOTALL) if "verifier" in code]


@pytest.mark.parametrize("snippet", SNIPPETS, ids=["WSGI", "Flask"])
def test_the_lines_of_the_document_verify_the_user(monkeypatch, published, assertion, snippet):
    app = flask.Flask("wiki")
    app.add_url_rule("/page", view_func=lambda: flask.request.remote_user or flask.g.user, endpoint="page")
    monkeypatch.setitem(sys.modules, "verify", verify)
    monkeypatch.setattr(verify, "fetched", lambda _url: published)
    exec(compile(snippet, str(DOCUMENT), "exec"), {"app": app})
    client = app.test_client()
    good = client.get("/page", headers={"X-Latchkey-Assertion": assertion(), "Remote-User": "evil"})
    assert (good.status_code, good.text) == (200, "eve")
    assert client.get("/page", headers={"Remote-User": "evil"}).status_code == 401
    assert client.get("/page", headers={"X-Latchkey-Assertion": assertion() + "x"}).status_code == 401
