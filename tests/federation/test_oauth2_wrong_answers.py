"""Logins with a provider of OAuth 2 that does one thing wrong: nobody gets in."""

import json

import pytest
from sqlalchemy import func, select

from tests import factories
from tests.browser import Person
from tests.federation.oauth2_upstream import ISSUER, OAuth2Upstream, as_json, oauth2_provided, primary
from tests.federation.upstream import come_back, leave, log_in
from webapp.accounts.models import User
from webapp.core.outgoing_http import NotReached, OutgoingResponse
from webapp.federation.checks import Check
from webapp.federation.models import LinkedIdentity, ProviderSession, WaitingIdentity

TABLES = User, LinkedIdentity, WaitingIdentity, ProviderSession


@pytest.fixture
def upstream(app):
    made = OAuth2Upstream()
    oauth2_provided(app, made)
    return made


def rows(app):
    with factories.database_of(app).read() as db:
        return [db.scalar(select(func.count()).select_from(table)) for table in TABLES]


def raw(body: bytes | str, status: int = 200):
    return lambda: OutgoingResponse(status, body if isinstance(body, bytes) else body.encode())


def unreachable():
    raise NotReached("api.code.example.org: no valid response within 5 seconds (ValueError)")


def user(**changed):
    return {"user": {"id": 7, "login": "grace"} | changed}


def answer(path, respond):
    return {"answers": {path: respond}}


WRONG = {
    # The response to the browser
    "no code": (Check.RESPONSE, {"parameters": {"code": None}}),
    "a code that is too long": (Check.RESPONSE, {"parameters": {"code": "c" * 2049}}),
    "a code that is not ASCII": (Check.RESPONSE, {"parameters": {"code": "ö"}}),
    "an error": (Check.RESPONSE, {"parameters": {"error": "invalid_scope"}}),
    "an error beside a code": (Check.RESPONSE, {"parameters": {"error": "server_error", "code": "c"}}),
    "iss of another": (Check.RESPONSE_ISSUER, {"parameters": {"iss": "https://evil.example"}}),
    "an empty iss": (Check.RESPONSE_ISSUER, {"parameters": {"iss": ""}}),
    "iss with a slash more": (Check.RESPONSE_ISSUER, {"parameters": {"iss": f"{ISSUER}/"}}),
    # The token response
    "an error with status 200": (
        Check.TOKEN_RESPONSE,
        answer("/token", lambda: as_json({"error": "bad_verification_code", "error_description": "expired"})),
    ),
    "an error beside a token": (Check.TOKEN_RESPONSE, {"tokens": {"error": "x"}}),
    "a redirect of the token endpoint": (Check.TOKEN_RESPONSE, answer("/token", raw("{}", 307))),
    "a form as token response": (Check.TOKEN_RESPONSE, answer("/token", raw("access_token=a&token_type=bearer"))),
    "a page as token response": (Check.TOKEN_RESPONSE, answer("/token", raw("<h1>Oops</h1>", 500))),
    "status 201": (Check.TOKEN_RESPONSE, answer("/token", lambda: as_json({"access_token": "a"}, 201))),
    "another token type": (Check.TOKEN_RESPONSE, {"tokens": {"token_type": "mac"}}),
    "no token type": (Check.TOKEN_RESPONSE, {"tokens": {"token_type": None}}),
    "no access token": (Check.TOKEN_RESPONSE, {"tokens": {"access_token": None}}),
    "an empty access token": (Check.TOKEN_RESPONSE, {"tokens": {"access_token": ""}}),
    "a number as access token": (Check.TOKEN_RESPONSE, {"tokens": {"access_token": 1}}),
    "an access token with a line break": (Check.TOKEN_RESPONSE, {"tokens": {"access_token": "a\r\nX-Y: 1"}}),
    "an access token of 20 kB": (Check.TOKEN_RESPONSE, {"tokens": {"access_token": "a" * 20_000}}),
    "a token endpoint that is down": (Check.TOKEN_RESPONSE, answer("/token", unreachable)),
    # The user
    "an access token that the API does not know": (Check.USERINFO, {"tokens": {"access_token": "other"}}),
    "no subject": (Check.SUBJECT, user(id=None)),
    "the subject 0": (Check.SUBJECT, user(id=0)),
    "a negative subject": (Check.SUBJECT, user(id=-7)),
    "an empty subject": (Check.SUBJECT, user(id="")),
    "a blank subject": (Check.SUBJECT, user(id=" \u00a0 ")),
    "a subject that is a float": (Check.SUBJECT, user(id=7.0)),
    "the subject true": (Check.SUBJECT, user(id=True)),
    "the subject false": (Check.SUBJECT, user(id=False)),
    "a subject that is a list": (Check.SUBJECT, user(id=[7])),
    "a subject that is an object": (Check.SUBJECT, user(id={"id": 7})),
    "a subject above 63 bits": (Check.SUBJECT, user(id=2**63)),
    "a subject of 256 characters": (Check.SUBJECT, user(id="7" * 256)),
    "a subject with a line break": (Check.SUBJECT, user(id="7\n")),
    "a subject of 5000 digits": (Check.USERINFO, answer("/user", raw('{"id":%s}' % ("7" * 5000)))),
    "the subject Infinity": (Check.USERINFO, answer("/user", raw('{"id":Infinity}'))),
    "the subject twice": (Check.USERINFO, answer("/user", raw('{"id":7,"id":8}'))),
    "a list as user": (Check.USERINFO, answer("/user", lambda: as_json([{"id": 7}]))),
    "a text as user": (Check.USERINFO, answer("/user", raw('"7"'))),
    "a user in UTF-16": (Check.USERINFO, answer("/user", raw(json.dumps({"id": 7}).encode("utf-16")))),
    "a page as user": (Check.USERINFO, answer("/user", raw("<html>"))),
    "brackets without end": (Check.USERINFO, answer("/user", raw("[" * 60_000))),
    "a redirect of the user": (Check.USERINFO, answer("/user", raw("", 302))),
    "no user": (Check.USERINFO, answer("/user", raw("", 204))),
    "a refused token": (Check.USERINFO, answer("/user", lambda: as_json({"message": "Bad credentials"}, 401))),
    "10 MB": (Check.USERINFO, answer("/user", unreachable)),
    # The e-mail addresses
    "an object as list of addresses": (Check.USERINFO, {"emails": {"email": "grace@example.org"}}),
    "a missing permission for the addresses": (Check.USERINFO, answer("/user/emails", raw("{}", 404))),
    "addresses that are not JSON": (Check.USERINFO, answer("/user/emails", raw("[,]"))),
    "addresses that redirect": (Check.USERINFO, answer("/user/emails", raw("[]", 301))),
    "addresses that are not there": (Check.USERINFO, answer("/user/emails", unreachable)),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_answer_logs_nobody_in(app, visitor, upstream, caplog, name):
    check, wrong = WRONG[name]
    for part, value in wrong.items():
        setattr(upstream, part, value)
    before = rows(app)
    answer = log_in(visitor, upstream)
    assert answer.status_code == (400 if check is Check.RESPONSE else 502)
    assert [one.fields["check"] for one in caplog.records if hasattr(one, "fields")] == [check]
    assert rows(app) == before
    assert visitor.ask("GET", "/account").status_code in (303, 401)


UNPROVEN = {
    "not verified": [primary(verified=False)],
    "verified as a text": [primary(verified="true")],
    "verified as a number": [primary(verified=1)],
    "primary as a text": [primary(primary="true")],
    "not primary": [primary(primary=False)],
    "none": [],
    "two primary ones": [primary(), primary(email="ada@example.org")],
    "entries that are no objects": ["grace@example.org", None, 1, ["grace@example.org"]],
    "a number as address": [primary(email=1)],
    "no address in the entry": [{"primary": True, "verified": True}],
    "a line break in the address": [primary(email="grace@example.org\nBcc: all@example.org")],
    "two addresses in one": [primary(email="grace@example.org,ada@example.org")],
    "a huge address": [primary(email=f"{'g' * 400}@example.org")],
}


@pytest.mark.parametrize("name", UNPROVEN)
def test_an_address_that_is_not_the_verified_primary_one_links_no_account(app, visitor, upstream, name):
    factories.user(app, "grace", email="grace@example.org")
    upstream.emails = UNPROVEN[name]
    assert log_in(visitor, upstream).headers["Location"] == "/login/with/acme/account"
    assert "shown@example.org" not in visitor.open("/login/with/acme/account").text
    assert rows(app)[1] == 0


ENDPOINTS = {
    "no authorization endpoint": ("authorization_endpoint", None),
    "an authorization endpoint without TLS": ("authorization_endpoint", "http://code.example.org/authorize"),
    "a script as authorization endpoint": ("authorization_endpoint", "javascript:alert(1)"),
    "an endpoint with a password": ("authorization_endpoint", "https://a:b@code.example.org/authorize"),
    "no token endpoint": ("token_endpoint", None),
    "no endpoint of the user": ("userinfo_endpoint", None),
    "an endpoint of the user without TLS": ("userinfo_endpoint", "http://api.code.example.org/user"),
    "an empty endpoint of the addresses": ("emails_endpoint", ""),
}


@pytest.mark.parametrize("name", ENDPOINTS)
def test_a_provider_without_its_endpoints_logs_nobody_in(app, visitor, caplog, name):
    which, url = ENDPOINTS[name]
    upstream = OAuth2Upstream()
    row = oauth2_provided(app, upstream)
    with factories.database_of(app).write() as db:
        changed = {key: value for key, value in row.endpoints.items() if key != which}
        db.merge(row).endpoints = changed | ({which: url} if url is not None else {})
    answer = visitor.ask("GET", "/login/with/acme")
    if answer.status_code == 303:
        answer = come_back(visitor, upstream.authorized(answer.headers["Location"]))
    assert answer.status_code == 502
    assert [one.fields["check"] for one in caplog.records if hasattr(one, "fields")] == [Check.METADATA]


def test_a_response_with_the_state_of_another_browser_logs_nobody_in(app, visitor, upstream):
    response = upstream.authorized(leave(visitor))
    assert come_back(Person(app), response).status_code == 400
    assert come_back(visitor, response | {"state": "x"}).status_code == 400
    assert come_back(visitor, response).headers["Location"] == "/login/with/acme/account"
    assert come_back(visitor, response).status_code == 400, "replayed"
