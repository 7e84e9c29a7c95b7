"""Public keys of apps that are fetched from their jwks_uri."""

import json

import pytest

from tests.oauth.app import registered
from tests.oauth.test_client_errors import errors_of
from tests.oauth.test_private_key_jwt import KEYS, OTHER, assertion, call, jwk, jwks
from webapp.core.key_material import public_jwk
from webapp.core.outgoing_http import NotReached, OutgoingHttp, OutgoingResponse
from webapp.oauth import fetched_keys
from webapp.oauth.client_settings import InvalidClientSettings
from webapp.oauth.fetched_keys import FetchedKeys
from webapp.web.registry import services_of

URL = "https://bank.example.org/jwks.json"


class PublishingSite(OutgoingHttp):
    """Stands for the site of the app: answers with ``body``, and counts the requests."""

    body, status, requests = jwks(jwk("ES256"), jwk("RS256", alg="PS256")), 200, 0

    def send(self, method, url, *, body=None, headers=None):
        type(self).requests += 1
        assert (method, url) == ("GET", URL)
        if self.body is None:
            raise NotReached("no answer")
        return OutgoingResponse(self.status, self.body.encode())


@pytest.fixture
def published(monkeypatch):
    for name in ("body", "status", "requests"):
        monkeypatch.setattr(PublishingSite, name, getattr(PublishingSite, name))
    return PublishingSite


@pytest.fixture
def bank(app, published):
    services_of(app).replace(FetchedKeys)(FetchedKeys(published()))
    return registered(app, "Bank", jwks_uri=URL)


def test_keys_are_fetched_once_and_kept(bank, published):
    assert bank.secret is None
    for sent in (assertion(bank), assertion(bank, KEYS["RS256"], "PS256", {"kid": "RS256"}), assertion(bank)):
        assert call(bank, sent).json["error"] == "invalid_grant", "the client itself is accepted"
    assert published.requests == 1
    for sent in (
        assertion(bank, OTHER),
        assertion(bank, header={"kid": "unknown"}),
        assertion(bank, header={}),
        assertion(bank, KEYS["RS256"], "RS256", {"kid": "RS256"}),
    ):
        assert call(bank, sent).json["error"] == "invalid_client"
    assert published.requests == 1, "an unknown kid leads to one fetch in 10 seconds at most"


def test_a_new_key_is_found_and_a_removed_one_refused(bank, published, monkeypatch):
    assert call(bank, assertion(bank)).json["error"] == "invalid_grant"
    monkeypatch.setattr(fetched_keys, "PAUSE", 0.0)
    published.body = jwks(public_jwk(OTHER.public_key(), algorithm="ES256") | {"kid": "new"})
    assert call(bank, assertion(bank, OTHER, header={"kid": "new"})).json["error"] == "invalid_grant"
    assert call(bank, assertion(bank, OTHER, header={})).json["error"] == "invalid_grant"
    assert call(bank, assertion(bank)).json["error"] == "invalid_client"


def test_known_keys_outlast_a_failing_site_for_an_hour(bank, published, monkeypatch):
    assert call(bank, assertion(bank)).json["error"] == "invalid_grant"
    monkeypatch.setattr(fetched_keys, "FRESH", -1.0)
    monkeypatch.setattr(fetched_keys, "PAUSE", 0.0)
    published.body = None
    assert call(bank, assertion(bank)).json["error"] == "invalid_grant"
    assert published.requests == 2
    monkeypatch.setattr(fetched_keys, "STALE", -1.0)
    assert call(bank, assertion(bank)).json["error"] == "invalid_client"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (None, 200),
        (jwks(jwk()), 302),
        (jwks(jwk()), 404),
        ("", 200),
        ("[]", 200),
        ('{"keys": 1}', 200),
        (json.dumps({"keys": [jwk()] * 33}), 200),
        ("[" * 5000, 200),
    ],
    ids=lambda value: str(value)[:20],
)
def test_without_keys_nobody_is_accepted_and_the_reason_is_said(app, bank, published, body, status):
    published.body, published.status = body, status
    for sent in (assertion(bank), assertion(bank, header={})):
        assert call(bank, sent).json == {"error": "invalid_client", "error_description": fetched_keys.NO_KEYS}
    assert errors_of(app, bank).keys() == {"keys"}


def test_keys_that_cannot_be_used_are_left_out():
    usable = fetched_keys.keys_in(jwks(jwk("RS256", alg="RSA-OAEP", use="enc"), {"kty": "oct"}, jwk()).encode())
    assert [key.kid for key in usable] == ["ES256"]


def test_private_hosts_are_not_asked(app):
    url = "https://127.0.0.1:9/jwks.json"
    assert services_of(app).get(FetchedKeys).find(url, None) == ()


def test_which_urls_can_be_entered(app):
    for more in (
        {"jwks_uri": "http://bank.example.org/jwks.json"},
        {"jwks_uri": "https://user@bank.example.org/jwks.json"},
        {"jwks_uri": "https://bank.example.org/jwks.json#x"},
        {"jwks_uri": "https:///jwks.json"},
        {"jwks_uri": "https://bank.example.org/" + "x" * 500},
        {"jwks_uri": "file:///etc/passwd"},
        {"jwks_uri": URL, "jwks": jwks(jwk())},
        {"jwks_uri": URL, "is_public": True},
    ):
        with pytest.raises(InvalidClientSettings):
            registered(app, "Bank", **more)
