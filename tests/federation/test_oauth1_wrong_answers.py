"""Logins with a provider of OAuth 1.0a that does one thing wrong: nobody gets in."""

import pytest
from sqlalchemy import func, select

from tests import factories
from tests.browser import Person
from tests.federation.oauth1_upstream import ENDPOINTS, OAuth1Upstream, Owner, oauth1_provided
from tests.federation.oauth2_upstream import as_json
from tests.federation.upstream import come_back, leave
from webapp.accounts.models import User
from webapp.core.outgoing_http import NotReached, OutgoingResponse
from webapp.federation.checks import Check
from webapp.federation.models import LinkedIdentity, ProviderSession, WaitingIdentity

TABLES = User, LinkedIdentity, WaitingIdentity, ProviderSession
PAIR = {"oauth_token": "t", "oauth_token_secret": "s", "oauth_callback_confirmed": "true"}


def rows(app):
    with factories.database_of(app).read() as db:
        return [db.scalar(select(func.count()).select_from(table)) for table in TABLES]


def answer(path, body: bytes = b"", status: int = 200):
    return {"answers": {path: lambda: OutgoingResponse(status, body)}}


def unreachable():
    raise NotReached("old.example.org: no valid response within 5 seconds (TimeoutError)")


FIRST, SECOND = "/request_token", "/access_token"
WRONG = {
    # The request token
    "a site that it does not know": (Check.REQUEST_TOKEN, {"client": Owner("another secret")}),
    "another signature method": (Check.REQUEST_TOKEN, {"method": "RSA-SHA1"}),
    "an error": (Check.REQUEST_TOKEN, answer(FIRST, b"oauth_problem=timestamp_refused", 401)),
    "a redirect": (Check.REQUEST_TOKEN, answer(FIRST, b"", 302)),
    "status 201": (Check.REQUEST_TOKEN, answer(FIRST, b"oauth_token=t&oauth_token_secret=s", 201)),
    "no response": (Check.REQUEST_TOKEN, {"answers": {FIRST: unreachable}}),
    "version 1.0": (Check.REQUEST_TOKEN, {"request_token": {"oauth_callback_confirmed": None}}),
    "a callback that is not confirmed": (Check.REQUEST_TOKEN, {"request_token": {"oauth_callback_confirmed": "false"}}),
    "confirmed in capitals": (Check.REQUEST_TOKEN, {"request_token": {"oauth_callback_confirmed": "True"}}),
    "no token": (Check.REQUEST_TOKEN, {"request_token": {"oauth_token": None}}),
    "an empty token": (Check.REQUEST_TOKEN, {"request_token": {"oauth_token": ""}}),
    "no secret": (Check.REQUEST_TOKEN, {"request_token": {"oauth_token_secret": None}}),
    "a token of 256 characters": (Check.REQUEST_TOKEN, {"request_token": {"oauth_token": "t" * 256}}),
    "a secret of 256 characters": (Check.REQUEST_TOKEN, {"request_token": {"oauth_token_secret": "s" * 256}}),
    "a token with a line break": (Check.REQUEST_TOKEN, {"request_token": {"oauth_token": "t\r\nX: y"}}),
    "a token that is not ASCII": (Check.REQUEST_TOKEN, {"request_token": {"oauth_token": "tö"}}),
    "a token twice": (
        Check.REQUEST_TOKEN,
        answer(FIRST, b"oauth_token=t&oauth_token=u&oauth_token_secret=s&oauth_callback_confirmed=true"),
    ),
    "JSON": (Check.REQUEST_TOKEN, {"answers": {FIRST: lambda: as_json(PAIR)}}),
    "a page": (Check.REQUEST_TOKEN, answer(FIRST, b"<html><p>&amp;</p></html>")),
    "nothing": (Check.REQUEST_TOKEN, answer(FIRST)),
    "bytes that are not ASCII": (Check.REQUEST_TOKEN, answer(FIRST, "oauth_token=ö".encode())),
    "10,000 parameters": (Check.REQUEST_TOKEN, answer(FIRST, b"&".join(b"a%d=1" % n for n in range(10_000)))),
    # The response to the browser
    "no verifier": (Check.RESPONSE, {"parameters": {"oauth_verifier": None}}),
    "an empty verifier": (Check.RESPONSE, {"parameters": {"oauth_verifier": ""}}),
    "a verifier that is not ASCII": (Check.RESPONSE, {"parameters": {"oauth_verifier": "ö"}}),
    "a verifier of 2 kB": (Check.RESPONSE, {"parameters": {"oauth_verifier": "v" * 2049}}),
    "an error beside a verifier": (Check.RESPONSE, {"parameters": {"error": "server_error"}}),
    "the token of another login": (Check.STATE, {"parameters": {"oauth_token": "another"}}),
    "a response without token": (Check.STATE, {"parameters": {"oauth_token": None}}),
    # The access token
    "another verifier": (Check.TOKEN_RESPONSE, {"parameters": {"oauth_verifier": "guessed"}}),
    "no access token": (Check.TOKEN_RESPONSE, {"access_token": {"oauth_token": None}}),
    "no secret of it": (Check.TOKEN_RESPONSE, {"access_token": {"oauth_token_secret": None}}),
    "an access token of 256 characters": (Check.TOKEN_RESPONSE, {"access_token": {"oauth_token": "t" * 256}}),
    "a redirect of the token endpoint": (Check.TOKEN_RESPONSE, answer(SECOND, b"", 307)),
    "a refusal with status 200": (Check.TOKEN_RESPONSE, answer(SECOND, b"oauth_problem=token_expired")),
    "a token endpoint that is down": (Check.TOKEN_RESPONSE, {"answers": {SECOND: unreachable}}),
    # The user
    "an access token that nobody knows": (Check.USERINFO, {"access_token": {"oauth_token": "unknown"}}),
    "a secret of another token": (Check.USERINFO, {"access_token": {"oauth_token_secret": "another"}}),
    "a page as user": (Check.USERINFO, answer("/me", b"<html>")),
    "a list as user": (Check.USERINFO, {"answers": {"/me": lambda: as_json([])}}),
    "a redirect of the user": (Check.USERINFO, answer("/me", b"", 302)),
    "no subject": (Check.SUBJECT, {"user": {"id_str": None}}),
    "an empty subject": (Check.SUBJECT, {"user": {"id_str": ""}}),
    "the subject 0": (Check.SUBJECT, {"user": {"id_str": 0}}),
    "the subject true": (Check.SUBJECT, {"user": {"id_str": True}}),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_answer_logs_nobody_in(app, visitor, caplog, name):
    check, wrong = WRONG[name]
    upstream = OAuth1Upstream(**wrong)
    oauth1_provided(app, upstream)
    before = rows(app)
    answer = visitor.ask("GET", "/login/with/acme")
    if answer.status_code == 303:
        answer = come_back(visitor, upstream.authorized(answer.headers["Location"]))
    assert answer.status_code == (400 if check is Check.RESPONSE else 502)
    assert [one.fields["check"] for one in caplog.records if hasattr(one, "fields")] == [check]
    assert rows(app) == before
    assert visitor.ask("GET", "/account").status_code in (303, 401)


SETTINGS = {
    "no URL of the request token": {"endpoints": {**ENDPOINTS, "request_token_endpoint": ""}},
    "a page without TLS": {"endpoints": {**ENDPOINTS, "authorization_endpoint": "http://old.example.org/a"}},
    "no endpoints": {"endpoints": {}},
    "a method that is plain text": {"client_auth_method": "PLAINTEXT"},
    "another method": {"client_auth_method": "HMAC-MD5"},
    "a secret that is no private key": {"client_auth_method": "RSA-SHA1"},
}


@pytest.mark.parametrize("name", SETTINGS)
def test_wrong_settings_send_nobody_there(app, visitor, caplog, name):
    oauth1_provided(app, OAuth1Upstream(), **SETTINGS[name])
    assert visitor.ask("GET", "/login/with/acme").status_code == 502
    (logged,) = [one.fields for one in caplog.records if hasattr(one, "fields")]
    assert logged["check"] in (Check.METADATA, Check.REQUEST_TOKEN)
    assert "s3cret" not in str(logged)


def test_a_response_is_used_once_and_by_the_browser_that_began(app, visitor):
    upstream = OAuth1Upstream()
    oauth1_provided(app, upstream)
    response = upstream.authorized(leave(visitor))
    assert come_back(Person(app), response).status_code == 400
    assert come_back(visitor, response | {"state": "another"}).status_code == 400
    assert come_back(visitor, response).headers["Location"] == "/login/with/acme/account"
    assert come_back(visitor, response).status_code == 400


def test_the_token_of_one_tab_is_no_use_in_the_other(app, visitor, caplog):
    upstream = OAuth1Upstream()
    oauth1_provided(app, upstream)
    one, two = (upstream.authorized(leave(visitor)) for _tab in range(2))
    mixed = one | {"oauth_token": two["oauth_token"], "oauth_verifier": two["oauth_verifier"]}
    assert come_back(visitor, mixed).status_code == 502
    assert caplog.records[-1].fields["check"] == Check.STATE
    assert come_back(visitor, two).headers["Location"] == "/login/with/acme/account"


@pytest.mark.parametrize("name", ["oauth_token", "oauth_verifier", "state"])
def test_a_repeated_parameter_is_refused(app, visitor, name):
    upstream = OAuth1Upstream()
    oauth1_provided(app, upstream)
    response = upstream.authorized(leave(visitor))
    query = "&".join(f"{key}={value}" for key, value in [*response.items(), (name, "other")])
    assert visitor.ask("GET", f"/login/with/acme/callback?{query}").status_code == 400
