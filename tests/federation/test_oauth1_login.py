"""Logins with a provider of OAuth 1.0a: signatures, and what is made of the response."""

import json
from dataclasses import replace

import pytest
from authlib.oauth1.rfc5849 import signature
from authlib.oauth1.rfc5849.wrapper import OAuth1Request
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from tests import factories
from tests.browser import Person
from tests.federation.oauth1_upstream import ENDPOINTS, ISSUER, OAuth1Upstream, Owner, oauth1_provided
from tests.federation.upstream import CLIENT, leave, log_in
from tests.tables import account
from webapp.core.clock import now
from webapp.core.encryption import Encryptor
from webapp.federation import linking, pending_requests
from webapp.federation.checks import Check, LoginFailed
from webapp.federation.oauth1_login import LONGEST, OAuth1Login
from webapp.federation.openid_login import Provider
from webapp.federation.pending_requests import LARGEST, RequestSecrets, to_cookie
from webapp.federation.provider_http import UpstreamHttp
from webapp.federation.providers import ProviderEncryptor
from webapp.web.registry import services_of

CLIENT_OF_THE_RFC = {"oauth_consumer_key": "dpf43f3p2l4k3l03", "oauth_signature_method": "HMAC-SHA1"}
# RFC 5849 §1.2: method and URL, parameters of the header, secret of the token, signature.
EXAMPLES = {
    "token": (
        ("POST", "https://photos.example.net/token"),
        {
            "oauth_token": "hh5s93j4hdidpola",
            "oauth_timestamp": "137131201",
            "oauth_nonce": "walatlh",
            "oauth_verifier": "hfdp7dh39dks9884",
        },
        "hdhd0244k9j7ao03",
        "gKgrFCywp7rO0OXSjdot%2FIHF7IU%3D",
    ),
    "photo": (
        ("GET", "http://photos.example.net/photos?file=vacation.jpg&size=original"),
        {"oauth_token": "nnch734d00sl2jdk", "oauth_timestamp": "137131202", "oauth_nonce": "chapoH"},
        "pfkkdhi9sl3r4s00",
        "MdpQcU8iPSUjWoN%2FUDMsK2sui9I%3D",
    ),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_provider_of_these_tests_takes_the_examples_of_the_rfc(monkeypatch, name):
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "true")
    (method, url), sent, secret, signed = EXAMPLES[name]
    for value, is_right in ((signed, True), (signed.replace("I", "J"), False)):
        parameters = CLIENT_OF_THE_RFC | sent | {"oauth_signature": value}
        header = "OAuth " + ", ".join(f'{key}="{text}"' for key, text in parameters.items())
        request = OAuth1Request(method, url, None, {"Authorization": header})
        request.client, request.credential = Owner("kd94hf93k423kf44"), Owner(secret)
        assert signature.verify_hmac_sha1(request) is is_right


def test_the_first_login_creates_an_account_and_the_second_finds_it(app, visitor):
    upstream = OAuth1Upstream()
    oauth1_provided(app, upstream)
    assert log_in(visitor, upstream).headers["Location"] == "/login/with/acme/account"
    visitor.open("/login/with/acme/account")
    assert "You are logged in as grace." in visitor.press("Create account").text
    assert log_in(Person(app), upstream).headers["Location"] == "/dashboard"
    with factories.database_of(app).read() as db:
        found = linking.of_user(db, account(app, "grace").id)[0]
    assert (found.issuer, found.subject) == (ISSUER, "7")
    assert upstream.refused == []


def test_requests_may_be_signed_with_a_private_key(app, visitor):
    key = rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    upstream = OAuth1Upstream(method="RSA-SHA1", client=Owner("", public))
    row = oauth1_provided(app, upstream, client_auth_method="RSA-SHA1")
    with factories.database_of(app).write() as db:
        sealed = services_of(app).get(ProviderEncryptor).seal(pem, belongs_to=str(row.id))
        db.merge(row).client_secret = sealed
    assert log_in(visitor, upstream).headers["Location"] == "/login/with/acme/account"
    assert upstream.refused == []


def test_the_browser_gets_the_token_and_neither_its_secret_nor_ours(app, visitor):
    upstream = OAuth1Upstream()
    oauth1_provided(app, upstream)
    url = leave(visitor)
    ((token, secret),) = upstream.token_secrets.items()
    assert url == f"{ISSUER}/authorize?oauth_token={token}"
    with visitor.client.session_transaction() as session:
        kept = json.dumps(dict(session), default=str)
    assert secret not in kept
    assert token not in kept
    assert upstream.callbacks[token].startswith("http://localhost:8000/login/with/acme/callback?state=")


def test_the_address_of_such_a_provider_links_no_account_unless_it_says_that_it_is_verified(app, visitor):
    user = {"id_str": "7", "screen_name": "grace", "email": "ada@example.org"}
    upstream = OAuth1Upstream(user=user)
    oauth1_provided(app, upstream)
    factories.user(app, "ada", email="ada@example.org")
    assert log_in(visitor, upstream).headers["Location"] == "/login/with/acme/account"
    upstream.user["email_verified"] = True
    assert log_in(Person(app), upstream).headers["Location"] == "/dashboard"


def provider(**changed):
    right = {
        "kind": "oauth1",
        "client_secret": "s",
        "endpoints": ENDPOINTS,
        "redirect_uri": "https://here.example/back",
    }
    return Provider(**{"slug": "acme", "issuer": ISSUER, "client_id": CLIENT, "scopes": ()} | right | changed)


def test_a_login_there_confirms_nobody():
    login = OAuth1Login(UpstreamHttp(OAuth1Upstream(), 1), Encryptor("k" * 32, "test"))
    begun = pending_requests.begin("acme", "confirm", "", now())
    with pytest.raises(LoginFailed) as error:
        login.begin(provider(), begun, RequestSecrets("", ""))
    assert error.value.check is Check.AUTHENTICATION_TIME


def test_the_longest_token_and_secret_fit_into_the_cookie(app):
    longest = {"oauth_token": "t" * LONGEST, "oauth_token_secret": "s" * LONGEST}
    upstream = OAuth1Upstream(request_token=longest, client=Owner("s"))
    login = OAuth1Login(UpstreamHttp(upstream, 1), Encryptor("k" * 32, "test"))
    begun = pending_requests.begin("acme", "login", "", now())
    kept = login.begin(provider(), begun, RequestSecrets("", "")).protocol_state
    assert len(json.dumps(to_cookie([replace(begun, protocol_state=kept)]))) < LARGEST
