"""The keys that webapp/verify.py fetches: which it takes, how often it asks, how long it goes on with what it has."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import time_machine

from tests.core.forged_tokens import ISSUER, KEY, NOON, RING, encode, forged
from tests.published_keys import JWKS, NEXT, published, verifier
from webapp import verify
from webapp.core.key_material import public_jwk
from webapp.verify import Invalid, KeySet, KeysUnavailable, PublishedKeys


@pytest.fixture
def site():
    with published() as found:
        yield found


@pytest.fixture
def noon():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def jwk(**changes):
    return public_jwk(KEY.public, algorithm="ES256") | {"kid": KEY.kid} | changes


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b'{"keys": 7}', id="a number of keys"),
        pytest.param(b"\xff\xfe", id="no UTF-8"),
        pytest.param(b"[" * 60000, id="brackets without end"),
        pytest.param(json.dumps({"keys": [jwk()] * 2}).encode(), id="a kid twice"),
        pytest.param(
            json.dumps({"keys": [jwk(kid=str(n)) for n in range(33)]}).encode(), id="more keys than anybody has"
        ),
    ],
)
def test_an_invalid_key_set_is_refused(noon, raw):
    with pytest.raises(KeysUnavailable):
        verifier(raw).verify(forged())


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(7, id="no object"),
        pytest.param(jwk(kid=None), id="without a name"),
        pytest.param(jwk(d="AAAA"), id="private"),
        pytest.param(jwk(use="enc"), id="for encryption"),
        pytest.param(jwk(alg="ES384"), id="for another algorithm"),
        pytest.param(jwk(alg="none"), id="for no algorithm"),
        pytest.param(jwk(crv="P-384"), id="on another curve"),
        pytest.param(jwk(crv=["P-256"]), id="on a list of curves"),
        pytest.param(jwk(x=7), id="with a number for a coordinate"),
        pytest.param(jwk(x=jwk()["y"], y=jwk()["x"]), id="off the curve"),
        pytest.param(jwk(x="é"), id="with a letter that is none of base64"),
        pytest.param({"kid": KEY.kid, "kty": "RSA", "n": encode(b"\xff" * 128), "e": "AQAB"}, id="of 1024 bits"),
        pytest.param({"kid": KEY.kid, "kty": "RSA", "n": encode(b"\xff" * 256), "e": "AQ"}, id="with the exponent 1"),
        pytest.param({"kid": KEY.kid, "kty": "RSA", "n": encode(b"\xff" * 2048), "e": "AQAB"}, id="of 16384 bits"),
        pytest.param(
            {"kid": KEY.kid, "kty": "RSA", "n": encode(b"\xff" * 256), "e": encode(b"\xff" * 255)},
            id="with a huge exponent",
        ),
    ],
)
def test_an_unusable_key_is_left_out(noon, key):
    other = NEXT.jwks()["keys"]
    keys = PublishedKeys(ISSUER, fetch=lambda _: json.dumps({"keys": [key, *other]}).encode())
    assert keys.find(NEXT.current().kid)
    with pytest.raises(Invalid):
        keys.find(KEY.kid)


def test_many_threads_that_start_at_once_fetch_the_keys_once(site):
    site.gate.clear()
    keys = PublishedKeys(site.url)
    threading.Timer(0.1, site.gate.set).start()
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(lambda _: keys.find(KEY.kid).algorithm, range(64)))) == 1
    assert site.fetches == 1


def test_a_thousand_unknown_keys_in_eight_threads_cause_at_most_one_fetch(site):
    keys = PublishedKeys(site.url)
    keys.find(KEY.kid)

    def is_unknown(number):
        with pytest.raises(Invalid):
            keys.find(f"unknown {number}")
        return True

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(is_unknown, range(1000)))
    assert site.fetches == 1
    keys._tried_at -= keys._pause
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(is_unknown, range(100)))
    assert site.fetches == 2


def test_a_new_key_is_found_and_the_old_one_kept_while_published(site):
    keys = PublishedKeys(site.url, pause=0)
    keys.find(KEY.kid)
    site.answer = json.dumps({"keys": NEXT.jwks()["keys"] + RING.jwks()["keys"]}).encode()
    assert keys.find(NEXT.current().kid)
    assert keys.find(KEY.kid)
    site.answer = json.dumps(NEXT.jwks()).encode()
    keys._fresh = 0
    with pytest.raises(Invalid):
        keys.find(KEY.kid)


def test_the_last_keys_are_used_for_a_limited_time_while_the_site_is_down(site):
    keys = PublishedKeys(site.url, fresh=0, pause=0)
    keys.find(KEY.kid)
    site.status = 500
    assert keys.find(KEY.kid)
    keys._set = KeySet(keys._set.by_kid, keys._set.fetched_at - keys._stale)
    with pytest.raises(KeysUnavailable):
        keys.find(KEY.kid)
    site.status = 200
    assert keys.find(KEY.kid)


def test_a_thread_with_a_known_key_does_not_wait_for_a_fetch(site):
    keys = PublishedKeys(site.url, fresh=0, pause=0)
    keys.find(KEY.kid)
    site.gate.clear()
    slow = threading.Thread(target=lambda: keys.find(KEY.kid))
    slow.start()
    while not keys._turn.locked():
        time.sleep(0.001)
    assert keys.find(KEY.kid)
    assert slow.is_alive()
    site.gate.set()
    slow.join()


def test_redirects_are_not_followed(site):
    with published() as elsewhere:
        site.status, site.sent = 302, {"Location": elsewhere.url}
        with pytest.raises(KeysUnavailable):
            PublishedKeys(site.url).find(KEY.kid)
        assert elsewhere.fetches == 0


def test_the_size_of_the_key_set_is_limited(site):
    site.answer = JWKS + b" " * verify.LARGEST
    with pytest.raises(KeysUnavailable):
        PublishedKeys(site.url).find(KEY.kid)


def test_the_time_to_fetch_keys_is_limited(site, monkeypatch):
    monkeypatch.setattr(verify, "TIMEOUT", 0.2)
    site.gate.clear()
    with pytest.raises(KeysUnavailable):
        PublishedKeys(site.url).find(KEY.kid)
    site.gate.set()


def test_without_a_server_there_are_no_keys():
    with pytest.raises(KeysUnavailable):
        PublishedKeys("http://127.0.0.1:1/jwks.json").find("any")


@pytest.mark.parametrize(
    "url", ["http://login.example.org/jwks.json", "file:///etc/passwd", "ftp://127.0.0.2/", "jwks"]
)
def test_keys_are_fetched_only_by_https_or_from_localhost(url):
    with pytest.raises(ValueError, match="https"):
        PublishedKeys(url)
