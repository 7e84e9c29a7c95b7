"""Every parameter of the endpoints for apps: missing, doubled, empty, huge, with control characters, of another app."""

from typing import Any

import pytest

from tests import factories
from tests.browser import Person
from tests.oauth.app import CALLBACK, App, registered
from tests.oauth.test_private_key_jwt import assertion, jwk, jwks
from tests.oauth.test_pushed_requests import CROSS_SITE
from tests.script import Script
from webapp.oauth.client_assertion import TYPE

FILES = "https://files.example.org"
ERRORS = {
    *("invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type"),
    *("invalid_scope", "invalid_target", "unsupported_response_type", "access_denied", "slow_down"),
    *("request_not_supported", "request_uri_not_supported", "registration_not_supported"),
}
"""RFC 6749 §4.1.2.1 and §5.2, RFC 8707 §2, OpenID Connect Core §3.1.2.6."""
USES_UP = {"ok", "invalid_grant", "invalid_target"}
"""After these a code may be used up."""
ABSENT, EMPTY, TWICE = "absent", "empty", "twice"
BAD = {
    ABSENT: None,
    EMPTY: "",
    "huge": "x" * 7000,
    "control characters": "\x00\x1b\r\nSet-Cookie: a=b",
    "odd": "ä💥\ufffe",
}


@pytest.fixture
def site(make_app):
    return make_app(WEBAPP_LOGIN_TRIES_PER_NETWORK="100000")


@pytest.fixture
def bank(site) -> App:
    return registered(site, "Bank", is_first_party=True, jwks=jwks(jwk()), resources=[FILES])


def bad(name: str, value: Any) -> list[tuple[str, Any]]:
    return [*BAD.items(), (TWICE, [value, value])]


def sent_by(bank: App) -> dict[str, str]:
    return {"client_id": bank.client_id, "client_assertion": assertion(bank), "client_assertion_type": TYPE}


def outcome(answer) -> str:
    """The error of a response; ``ok`` for a success."""
    assert answer.status_code in (200, 201, 400, 401), answer.text[:300]
    if answer.status_code < 300:
        return "ok"
    assert answer.json.keys() == {"error", "error_description"}
    assert answer.json["error"] in ERRORS
    assert answer.text.isascii()
    return str(answer.json["error"])


def test_pushed_requests(site, bank):
    optional = {"state", "nonce", "client_id", "scope", "resource", "dpop_jkt", "prompt", "max_age", "ui_locales"}
    echoed = {"state", "ui_locales"}
    request = bank.request | {"resource": FILES, "dpop_jkt": "x" * 43, "prompt": "login", "max_age": "60"}
    request |= {"ui_locales": "de"}
    for name in request | sent_by(bank):
        for kind, value in bad(name, (request | sent_by(bank))[name]):
            found = outcome(post(site, "/oauth/par", request | sent_by(bank) | {name: value}))
            may_pass = kind in (ABSENT, EMPTY) and name in optional - {"scope"}
            may_pass = may_pass or (name in echoed and kind in ("control characters", "odd"))
            may_pass = may_pass or (name == "ui_locales" and kind == "huge") or (name, kind) == ("nonce", "odd")
            may_pass = may_pass or (name == "resource" and kind == TWICE)
            assert (found == "ok") is may_pass, (name, kind, found)


def test_authorization_requests(site, bank):
    person = Person(site)
    factories.user(site, "ada")
    person.log_in("ada")
    request = bank.request | {"resource": FILES, "dpop_jkt": "x" * 43, "max_age": "6000", "unknown": "1"}
    for name, good in request.items():
        for kind, value in bad(name, good):
            answer = person.ask("GET", bank.url(**request | {name: value}), headers=CROSS_SITE)
            location = answer.headers.get("Location", "")
            assert answer.status_code in (303, 400), (name, kind)
            assert (answer.status_code == 303) is location.startswith(CALLBACK), (name, kind)
            assert (answer.status_code == 400) is (name in ("client_id", "redirect_uri")), (name, kind)
            assert "Set-Cookie: a=b" not in str(answer.headers)
            assert "error=server_error" not in location


def test_token_requests(site, bank):
    person = Person(site)
    factories.user(site, "ada")
    person.log_in("ada")
    for grant in ("authorization_code", "refresh_token"):
        optional = {"client_id", "resource", "scope"}
        good = fresh(bank, person, grant)
        for name in (*good, *sent_by(bank)):
            for kind in (*BAD, TWICE):
                form = good | sent_by(bank)
                value = [form[name], form[name]] if kind == TWICE else BAD[kind]
                found = outcome(post(site, "/oauth/token", form | {name: value}))
                may_pass = name in optional and kind in (ABSENT, EMPTY)
                may_pass = may_pass or (name, kind) == ("resource", TWICE)
                assert (found == "ok") is may_pass, (grant, name, kind, found)
                if found in USES_UP:
                    good = fresh(bank, person, grant)


def fresh(bank: App, person: Person, grant: str) -> dict[str, Any]:
    """A valid token request."""
    code = bank.authorize(person, resource=FILES)["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": bank.verifier}
    form["resource"] = FILES
    if grant == "authorization_code":
        return form
    tokens = post(bank.site, "/oauth/token", form | sent_by(bank)).json
    return {"grant_type": grant, "refresh_token": tokens["refresh_token"], "scope": "openid", "resource": FILES}


def test_requests_about_tokens(site, bank):
    for path in ("/oauth/introspect", "/oauth/revoke"):
        for name in ("token", "token_type_hint", *sent_by(bank)):
            for kind in (*BAD, TWICE):
                form = {"token": "x", "token_type_hint": "access_token"} | sent_by(bank)
                value = [form[name], form[name]] if kind == TWICE else BAD[kind]
                found = outcome(post(site, path, form | {name: value}))
                may_pass = name in ("token", "token_type_hint") and kind not in (ABSENT, EMPTY, TWICE)
                may_pass = may_pass or (name in ("client_id", "token_type_hint") and kind in (ABSENT, EMPTY))
                assert (found == "ok") is may_pass, (path, name, kind, found)


def post(site, path: str, form: dict[str, Any]):
    return Script(site).post(path, data={name: value for name, value in form.items() if value is not None})
