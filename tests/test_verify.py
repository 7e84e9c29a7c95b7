"""webapp/verify.py: our tokens, verified by a service that has nothing of ours but this file."""

import functools
import json
import re
import shutil
import subprocess
import sys
import textwrap
from datetime import UTC, datetime, timedelta
from pathlib import Path

import flask
import jwt as pyjwt
import pytest
import time_machine

from tests import factories, key_rings
from tests.core.forged_tokens import AUDIENCE, CLAIMS, ISSUER, KEY, NOON, claims_with, encode, forged, header_with
from tests.published_keys import JWKS, verifier
from tests.script import Script
from webapp import verify
from webapp.core.key_material import private_pem
from webapp.core.keys import ConfiguredRing
from webapp.core.signing_keys import generate
from webapp.verify import Expired, Invalid, PublishedKeys, ScopeMissing, Verifier, bearer

FILE = Path(verify.__file__)


@pytest.fixture
def noon():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def test_a_verified_token_has_user_scopes_and_expiry(noon):
    found = verifier().verify(forged())
    assert (found.sub, found.scopes) == ("9f6c", {"profile:read"})
    assert found.expires_at == datetime(2026, 11, 22, 13, tzinfo=UTC)
    assert found.claims == CLAIMS


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA", "RS256"])
def test_each_algorithm_with_a_public_key_is_verified(noon, algorithm):
    ring = ConfiguredRing(private_pem(generate(algorithm, NOON).private), algorithm=algorithm)
    headers = {"typ": "at+jwt", "kid": ring.current().kid}
    token = pyjwt.encode(CLAIMS, ring.current().private, algorithm=algorithm, headers=headers)
    assert verifier(json.dumps(ring.jwks()).encode()).verify(token)


def test_a_token_expires_exactly_at_its_expiry(noon):
    noon.shift(3599)
    assert verifier().verify(forged())
    noon.shift(1)
    with pytest.raises(Expired):
        verifier().verify(forged())


def test_a_site_whose_clock_is_slightly_ahead_is_tolerated(noon):
    noon.shift(-5)
    assert verifier().verify(forged())
    noon.shift(-1)
    with pytest.raises(Invalid):
        verifier().verify(forged())


def test_all_required_scopes_must_be_present(noon):
    both = forged(claims=claims_with(scope="a:read b:read"))
    assert verifier().verify(both, "a:read", "b:read")
    with pytest.raises(ScopeMissing, match="c:read"):
        verifier().verify(both, "a:read", "c:read")
    with pytest.raises(ScopeMissing):
        verifier().verify(forged(claims=claims_with(scope="a:reader")), "a:read")


def test_a_bound_token_is_refused_without_its_key(noon):
    bound = forged(claims=claims_with(cnf={"jkt": "thumb"}))
    assert verifier().verify(bound, jkt="thumb")
    for jkt in (None, "other", ""):
        with pytest.raises(Invalid, match="bound"):
            verifier().verify(bound, jkt=jkt)
    with pytest.raises(Invalid, match="bound"):
        verifier().verify(forged(), jkt="thumb")


@pytest.mark.parametrize("confirmation", [7, "thumb", ["jkt"], None, {"x5t#S256": "a"}, {"jkt": None, "jwk": {}}])
def test_an_unknown_confirmation_method_is_refused(noon, confirmation):
    with pytest.raises(Invalid):
        verifier().verify(forged(claims=claims_with(cnf=confirmation)))


def test_an_hmac_with_a_published_key_is_refused(noon):
    """CVE-2017-11424: even where somebody publishes a shared secret."""
    secret = b"k" * 32
    jwk = {"kty": "oct", "kid": KEY.kid, "alg": "HS256", "k": encode(secret)}
    token = pyjwt.encode(CLAIMS, secret, algorithm="HS256", headers=header_with(alg="HS256"))
    with pytest.raises(Invalid):
        verifier(json.dumps({"keys": [jwk]}).encode()).verify(token)


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


def test_the_file_has_no_imports_of_ours(tmp_path):
    shutil.copy(FILE, tmp_path / "verify.py")
    asked = "import sys, verify; print(sorted(name for name in sys.modules if name.startswith(('webapp', 'flask'))))"
    done = subprocess.run([sys.executable, "-W", "error", "-c", asked], cwd=tmp_path, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def decorator():
    """As the docstring shows it, for a site at our address."""
    code = textwrap.dedent(re.search(r"::\n\n(.*?)\n\n\S", verify.__doc__, re.DOTALL)[1])
    names = vars(verify) | {"functools": functools, "g": flask.g, "request": flask.request}
    names["Verifier"] = lambda *_, **__: Verifier(
        ISSUER, audience=AUDIENCE, keys=PublishedKeys(ISSUER, fetch=lambda _: JWKS).find
    )
    exec(code, names)
    return names["token_required"]


def test_the_decorator_of_the_docstring_works_in_another_flask_app(noon):
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


def test_a_token_of_the_site_is_verified_with_the_keys_that_the_site_publishes(app, user):
    issuer = app.config["BASE_URL"]
    keys = PublishedKeys(
        f"{issuer}/.well-known/jwks.json", pause=0, fetch=lambda _: Script(app).get("/.well-known/jwks.json").data
    )
    there = Verifier(issuer, audience=issuer, keys=keys.find)
    found = there.verify(factories.api_token(app, user, "profile:read").token, "profile:read")
    assert found.sub == str(user.id)
    key_rings.rotate(app, timedelta(days=1))
    old = factories.api_token(app, user).token
    assert there.verify(old)
    key_rings.replace(app)
    keys._fresh = 0
    with pytest.raises(Invalid):
        there.verify(old)
