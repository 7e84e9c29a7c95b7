"""Logins with a provider of OAuth 2 without OpenID Connect: what is sent there, and what is made of the response."""

from base64 import b64encode
from urllib.parse import parse_qs, urlsplit

import pytest

from tests import factories
from tests.browser import Person
from tests.federation.oauth2_upstream import ENDPOINTS, ISSUER, OAuth2Upstream, oauth2_provided, primary
from tests.federation.upstream import CLIENT, SECRET, come_back, leave, log_in
from tests.tables import account
from webapp.core.clock import now
from webapp.core.digests import new_secret
from webapp.federation import linking, pending_requests
from webapp.federation.checks import Check, LoginFailed
from webapp.federation.claim_names import named_identity
from webapp.federation.oauth2_login import OAuth2Login
from webapp.federation.openid_login import Provider
from webapp.federation.pending_requests import RequestSecrets

API_OF_A_FORUM = {key: url for key, url in ENDPOINTS.items() if key != "emails_endpoint"}
NAMES_OF_A_FORUM = {
    "sub": "data.user.uid",
    "preferred_username": "data.user.handle",
    "name": "",
    "email": "data.mail",
    "email_verified": "data.mail_is_verified",
}


def identity(app, name):
    with factories.database_of(app).read() as db:
        return linking.of_user(db, account(app, name).id)[0]


def test_the_verified_primary_address_finds_the_account_and_a_number_is_the_subject(app, visitor):
    upstream = OAuth2Upstream()
    oauth2_provided(app, upstream)
    factories.user(app, "ada", email="grace@example.org")
    assert log_in(visitor, upstream).headers["Location"] == "/dashboard"
    found = identity(app, "ada")
    assert (found.issuer, found.subject, found.shown_as) == (ISSUER, "7", "grace@example.org")


def test_the_request_has_state_and_pkce_and_no_nonce(app, visitor):
    upstream = OAuth2Upstream()
    oauth2_provided(app, upstream)
    sent = parse_qs(urlsplit(leave(visitor)).query)
    assert sent["scope"] == ["user:email"]
    assert sent["code_challenge_method"] == ["S256"]
    assert len(sent["state"][0]) == len(sent["code_challenge"][0]) == 43
    assert "nonce" not in sent
    assert sent["redirect_uri"][0].endswith("/login/with/acme/callback")


def test_without_scopes_none_is_sent(app, visitor):
    oauth2_provided(app, OAuth2Upstream(), scopes=[])
    assert "scope=" not in leave(visitor)


@pytest.mark.parametrize(
    ("method", "headers", "form"),
    [
        ("", {}, {"client_id": CLIENT, "client_secret": SECRET}),
        ("client_secret_post", {}, {"client_id": CLIENT, "client_secret": SECRET}),
        (
            "client_secret_basic",
            {"Authorization": f"Basic {b64encode(b'latchkey:s3cret%3Awith%2Fsigns').decode()}"},
            {},
        ),
    ],
)
def test_the_client_secret_goes_where_the_provider_takes_it(app, visitor, method, headers, form):
    upstream = OAuth2Upstream()
    oauth2_provided(app, upstream, client_auth_method=method)
    log_in(visitor, upstream)
    sent = upstream.requests[0][2]
    named = ("Authorization", "client_id", "client_secret")
    assert {key: value for key, value in sent.items() if key in named} == headers | form


def test_an_iss_that_is_right_is_accepted(app, visitor):
    upstream = OAuth2Upstream(parameters={"iss": ISSUER})
    oauth2_provided(app, upstream)
    assert log_in(visitor, upstream).headers["Location"] == "/login/with/acme/account"


@pytest.mark.parametrize("token_type", ["bearer", "Bearer", "BEARER"])
def test_the_type_of_the_token_may_have_capitals(app, visitor, token_type):
    upstream = OAuth2Upstream(tokens={"token_type": token_type})
    oauth2_provided(app, upstream)
    assert log_in(visitor, upstream).status_code == 303


@pytest.mark.parametrize(
    ("verified", "outcome"),
    [(True, "/dashboard"), *((value, "/login/with/acme/account") for value in (False, "true", 1, None))],
)
def test_claims_are_found_under_their_names_there(app, visitor, verified, outcome):
    user = {"uid": "abc", "handle": "grace_h", "name": "not taken"}
    found = {"data": {"user": user, "mail": "grace@example.org", "mail_is_verified": verified}}
    upstream = OAuth2Upstream(user=found)
    oauth2_provided(app, upstream, claim_names=NAMES_OF_A_FORUM, endpoints=API_OF_A_FORUM)
    factories.user(app, "ada", email="grace@example.org")
    assert log_in(visitor, upstream).headers["Location"] == outcome
    if verified is True:
        assert identity(app, "ada").subject == "abc"


def test_what_only_an_id_token_can_show_is_not_taken_from_a_user():
    found = {"id": 7, "acr": "mfa", "amr": ["mfa"], "auth_time": 1, "sid": "s", "groups": ["staff"]}
    made = named_identity(ISSUER, found, {"sub": "id"})
    assert (made.acr, made.amr, made.auth_time, made.sid) == ("", (), None, "")
    assert made.claims["groups"] == ["staff"]


@pytest.mark.parametrize(
    ("value", "subject"),
    [(1, "1"), (2**63 - 1, str(2**63 - 1)), ("0", "0"), ("a b", "a b"), ("x" * 255, "x" * 255), ("ö", "ö")],
)
def test_subjects_are_texts(value, subject):
    assert named_identity(ISSUER, {"id": value}, {"sub": "id"}).subject == subject


def test_an_account_at_the_provider_without_an_address_here_gets_one_without(app, visitor):
    upstream = OAuth2Upstream(emails=[primary(verified=False)])
    oauth2_provided(app, upstream)
    log_in(visitor, upstream)
    visitor.open("/login/with/acme/account")
    assert "You are logged in as grace." in visitor.press("Create account").text
    assert account(app, "grace").email is None


def test_a_login_there_confirms_nobody():
    provider = Provider("acme", "oauth2", ISSUER, CLIENT, SECRET, (), ENDPOINTS, "https://here.example/callback")
    begun = pending_requests.begin("acme", "confirm", "", now())
    with pytest.raises(LoginFailed) as error:
        OAuth2Login(OAuth2Upstream()).begin(provider, begun, RequestSecrets("", new_secret()))
    assert error.value.check is Check.AUTHENTICATION_TIME


def test_two_identities_with_one_number_at_two_providers_are_two(app, visitor):
    upstream = OAuth2Upstream()
    oauth2_provided(app, upstream, email_domains=[])
    oauth2_provided(app, upstream, slug="other", issuer="https://code.example.org/other", email_domains=[])
    log_in(visitor, upstream)
    visitor.open("/login/with/acme/account")
    visitor.press("Create account")
    another = Person(app)
    answer = come_back(another, upstream.authorized(leave(another, "/login/with/other")), slug="other")
    assert answer.headers["Location"] == "/login/with/other/account"
