"""webapp/verify.py: our tokens, verified by a service that has nothing of ours but this file."""

import functools
import json
import re
import shutil
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import flask
import jwt as pyjwt
import pytest
import time_machine

from tests import factories
from tests.kernel.forging import AUDIENCE, CLAIMS, ISSUER, KEY, NOON, RING, claims_with, encode, forged, header_with
from tests.script import Script
from webapp import verify
from webapp.kernel.key_material import private_pem, public_jwk
from webapp.kernel.keys import GivenRing
from webapp.kernel.signing_keys import generate
from webapp.verify import Expired, Invalid, KeysUnavailable, PublishedKeys, ScopeMissing, Verifier, bearer

FILE = Path(verify.__file__)
JWKS = json.dumps(RING.jwks()).encode()
NEXT = GivenRing(private_pem(generate("ES256", NOON).private), algorithm="ES256")


class Site(ThreadingHTTPServer):
    """Somewhere that publishes keys, and counts who asks."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Page)
        self.fetches, self.answer, self.wait, self.status, self.sent = 0, JWKS, 0.0, 200, {}
        self.address = f"http://127.0.0.1:{self.server_port}/jwks.json"


class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        site = self.server
        site.fetches += 1
        time.sleep(site.wait)
        self.send_response(site.status)
        for name, value in ({"Content-Length": str(len(site.answer))} | site.sent).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(site.answer)

    def log_message(self, *_):
        pass


@contextmanager
def published():
    with Site() as site:
        thread = threading.Thread(target=site.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield site
        finally:
            site.shutdown()
            thread.join()


@pytest.fixture
def site():
    with published() as found:
        yield found


@pytest.fixture
def noon():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def verifier(keys=JWKS):
    return Verifier(ISSUER, audience=AUDIENCE, keys=PublishedKeys(ISSUER, fetch=lambda _: keys).find)


def test_a_token_is_verified_and_says_who_may_do_what_until_when(noon):
    found = verifier().verify(forged())
    assert (found.sub, found.scopes) == ("9f6c", {"profile:read"})
    assert found.expires_at == datetime(2026, 11, 22, 13, tzinfo=UTC)
    assert found.claims == CLAIMS


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA", "RS256"])
def test_each_algorithm_that_has_a_public_half_is_verified(noon, algorithm):
    ring = GivenRing(private_pem(generate(algorithm, NOON).private), algorithm=algorithm)
    headers = {"typ": "at+jwt", "kid": ring.current().kid}
    token = pyjwt.encode(CLAIMS, ring.current().private, algorithm=algorithm, headers=headers)
    assert verifier(json.dumps(ring.jwks()).encode()).verify(token)


def test_a_token_ends_at_its_expiry_and_not_a_second_before(noon):
    noon.shift(3599)
    assert verifier().verify(forged())
    noon.shift(1)
    with pytest.raises(Expired):
        verifier().verify(forged())


def test_a_house_whose_clock_is_a_little_ahead_is_believed(noon):
    noon.shift(-5)
    assert verifier().verify(forged())
    noon.shift(-1)
    with pytest.raises(Invalid):
        verifier().verify(forged())


def test_the_scopes_that_are_asked_for_must_all_be_there(noon):
    both = forged(claims=claims_with(scope="a:read b:read"))
    assert verifier().verify(both, "a:read", "b:read")
    with pytest.raises(ScopeMissing, match="c:read"):
        verifier().verify(both, "a:read", "c:read")
    with pytest.raises(ScopeMissing):
        verifier().verify(forged(claims=claims_with(scope="a:reader")), "a:read")


def test_a_token_that_is_bound_to_a_key_is_nothing_without_that_key(noon):
    bound = forged(claims=claims_with(cnf={"jkt": "thumb"}))
    assert verifier().verify(bound, jkt="thumb")
    for jkt in (None, "other", ""):
        with pytest.raises(Invalid, match="bound"):
            verifier().verify(bound, jkt=jkt)
    with pytest.raises(Invalid, match="bound"):
        verifier().verify(forged(), jkt="thumb")


@pytest.mark.parametrize("confirmation", [7, "thumb", ["jkt"], None, {"x5t#S256": "a"}, {"jkt": None, "jwk": {}}])
def test_a_confirmation_that_is_not_understood_is_not_passed_over(noon, confirmation):
    with pytest.raises(Invalid):
        verifier().verify(forged(claims=claims_with(cnf=confirmation)))


def test_hmac_under_a_published_key_is_no_signature(noon):
    """CVE-2017-11424: even where somebody publishes a shared secret."""
    secret = b"k" * 32
    jwk = {"kty": "oct", "kid": KEY.kid, "alg": "HS256", "k": encode(secret)}
    token = pyjwt.encode(CLAIMS, secret, algorithm="HS256", headers=header_with(alg="HS256"))
    with pytest.raises(Invalid):
        verifier(json.dumps({"keys": [jwk]}).encode()).verify(token)


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
def test_what_is_no_set_of_keys_is_not_taken_for_one(noon, raw):
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
def test_a_key_is_left_out_that_is(noon, key):
    other = NEXT.jwks()["keys"]
    keys = PublishedKeys(ISSUER, fetch=lambda _: json.dumps({"keys": [key, *other]}).encode())
    assert keys.find(NEXT.current().kid)
    with pytest.raises(Invalid):
        keys.find(KEY.kid)


def test_many_threads_that_begin_at_once_fetch_the_keys_once(site):
    site.wait = 0.1
    keys = PublishedKeys(site.address)
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(lambda _: keys.find(KEY.kid).algorithm, range(64)))) == 1
    assert site.fetches == 1


def test_a_thousand_unknown_keys_in_eight_threads_are_one_fetch_more_at_the_most(site):
    keys = PublishedKeys(site.address)
    keys.find(KEY.kid)

    def is_unknown(number):
        with pytest.raises(Invalid):
            keys.find(f"unknown {number}")
        return True

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(is_unknown, range(1000)))
    assert site.fetches == 1
    keys._pause = 0.2
    time.sleep(0.2)
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(is_unknown, range(100)))
    assert site.fetches <= 3


def test_a_new_key_is_found_and_the_old_one_stays_as_long_as_it_is_published(site):
    keys = PublishedKeys(site.address, pause=0)
    keys.find(KEY.kid)
    site.answer = json.dumps({"keys": NEXT.jwks()["keys"] + RING.jwks()["keys"]}).encode()
    assert keys.find(NEXT.current().kid)
    assert keys.find(KEY.kid)
    site.answer = json.dumps(NEXT.jwks()).encode()
    keys._fresh = 0
    with pytest.raises(Invalid):
        keys.find(KEY.kid)


def test_the_last_keys_go_on_while_the_house_does_not_answer_and_not_for_ever(site):
    keys = PublishedKeys(site.address, fresh=0, pause=0, stale=0.5)
    keys.find(KEY.kid)
    site.status = 500
    assert keys.find(KEY.kid)
    time.sleep(0.5)
    with pytest.raises(KeysUnavailable):
        keys.find(KEY.kid)
    site.status = 200
    assert keys.find(KEY.kid)


def test_who_knows_the_key_does_not_wait_for_who_fetches(site):
    keys = PublishedKeys(site.address, fresh=0, pause=0)
    keys.find(KEY.kid)
    site.wait = 1.0
    slow = threading.Thread(target=lambda: keys.find(KEY.kid))
    slow.start()
    while not keys._turn.locked():
        time.sleep(0.001)
    began = time.monotonic()
    assert keys.find(KEY.kid)
    assert time.monotonic() - began < 0.5
    slow.join()


def test_keys_are_not_fetched_from_where_a_redirect_leads(site):
    with published() as elsewhere:
        site.status, site.sent = 302, {"Location": elsewhere.address}
        with pytest.raises(KeysUnavailable):
            PublishedKeys(site.address).find(KEY.kid)
        assert elsewhere.fetches == 0


def test_keys_are_not_read_without_end(site):
    site.answer = JWKS + b" " * verify.LARGEST
    with pytest.raises(KeysUnavailable):
        PublishedKeys(site.address).find(KEY.kid)


def test_keys_are_not_waited_for_without_end(site, monkeypatch):
    monkeypatch.setattr(verify, "PATIENCE", 0.2)
    site.wait = 1.0
    began = time.monotonic()
    with pytest.raises(KeysUnavailable):
        PublishedKeys(site.address).find(KEY.kid)
    assert time.monotonic() - began < 0.8


def test_nothing_that_listens_is_no_keys():
    with pytest.raises(KeysUnavailable):
        PublishedKeys("http://127.0.0.1:1/jwks.json").find("any")


@pytest.mark.parametrize(
    "url", ["http://login.example.org/jwks.json", "file:///etc/passwd", "ftp://127.0.0.2/", "jwks"]
)
def test_keys_come_by_https_or_from_this_machine(url):
    with pytest.raises(ValueError, match="https"):
        PublishedKeys(url)


@pytest.mark.parametrize(
    ("header", "token"),
    [
        ("Bearer a.b.c", "a.b.c"),
        ("bearer a.b.c", "a.b.c"),
        ("Basic a.b.c", None),
        ("Bearer", ""),
        ("", None),
        (None, None),
        ("DPoP a.b.c", None),
    ],
)
def test_a_token_is_read_from_the_header_of_a_bearer(header, token):
    assert bearer(header) == token


def test_the_file_stands_alone(tmp_path):
    shutil.copy(FILE, tmp_path / "verify.py")
    asked = "import sys, verify; print(sorted(name for name in sys.modules if name.startswith(('webapp', 'flask'))))"
    done = subprocess.run([sys.executable, "-W", "error", "-c", asked], cwd=tmp_path, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def decorator():
    """As the docstring shows it, for a house at our address."""
    code = textwrap.dedent(re.search(r"::\n\n(.*?)\n\n\S", verify.__doc__, re.DOTALL)[1])
    names = vars(verify) | {"functools": functools, "g": flask.g, "request": flask.request}
    names["Verifier"] = lambda *_, **__: Verifier(
        ISSUER, audience=AUDIENCE, keys=PublishedKeys(ISSUER, fetch=lambda _: JWKS).find
    )
    exec(code, names)
    return names["token_required"]


def test_the_decorator_of_the_docstring_guards_a_view_of_another_flask_app(noon):
    other = flask.Flask("other")

    @other.get("/things")
    @decorator()("profile:read")
    def things():
        return {"for": flask.g.caller.sub}

    def asked(token=None):
        sent = {"Authorization": f"Bearer {token}"} if token else {}
        answer = other.test_client().get("/things", headers=sent)
        return answer.status_code, answer.headers.get("WWW-Authenticate")

    assert other.test_client().get("/things", headers={"Authorization": f"Bearer {forged()}"}).json == {"for": "9f6c"}
    assert asked() == (401, 'Bearer error="invalid_token"')
    assert asked("a.b.c") == (401, 'Bearer error="invalid_token"')
    assert asked(forged(claims=claims_with(exp=CLAIMS["iat"]))) == (401, 'Bearer error="invalid_token"')
    assert asked(forged(claims=claims_with(scope="x:read"))) == (403, 'Bearer error="insufficient_scope"')


def test_a_token_of_the_house_is_verified_with_the_keys_that_the_house_publishes(app, user):
    issuer = app.config["BASE_URL"]
    keys = PublishedKeys(
        f"{issuer}/.well-known/jwks.json", pause=0, fetch=lambda _: Script(app).get("/.well-known/jwks.json").data
    )
    there = Verifier(issuer, audience=issuer, keys=keys.find)
    found = there.verify(factories.api_token(app, user, "profile:read").token, "profile:read")
    assert found.sub == str(user.id)
    app.extensions["keys"].rotate(timedelta(days=1))
    old = factories.api_token(app, user).token
    assert there.verify(old)
    app.extensions["keys"].replace()
    keys._fresh = 0
    with pytest.raises(Invalid):
        there.verify(old)
