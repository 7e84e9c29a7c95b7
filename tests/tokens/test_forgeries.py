"""Malformed tokens at /protected: 401 with the right code, never 422 or 500."""

import hashlib
import hmac
import json

import jwt as pyjwt
import pytest

from tests.core.forged_tokens import encode
from tests.script import Script
from tests.tokens.forged_tokens import claims_of, is_refused, signed
from webapp.core.clock import now
from webapp.core.key_material import private_pem, public_pem
from webapp.core.keys import KeyRing
from webapp.core.signing_keys import generate
from webapp.web.registry import services_of

NOBODY = "5f6c1c52-3b1b-4f0e-9d3a-0a54b0a6f111"
PLACE = "http://localhost:8000"


def stripped(app, claims):
    return signed(app, claims).rpartition(".")[0] + "."


def unsigned(alg):
    return lambda app, claims: f"{encode({'alg': alg, 'typ': 'at+jwt', 'kid': kid(app)})}.{encode(claims)}."


def kid(app):
    return services_of(app).get(KeyRing).current().kid


def by_public_key(app, claims):
    """CVE-2017-11424, CVE-2022-29217: the public key taken for an HMAC secret."""
    secret = public_pem(services_of(app).get(KeyRing).current().public).encode()
    text = f"{encode({'alg': 'HS256', 'typ': 'at+jwt', 'kid': kid(app)})}.{encode(claims)}"
    return f"{text}.{encode(hmac.new(secret, text.encode(), hashlib.sha256).digest())}"


def by_foreign_key(app, claims):
    foreign = private_pem(generate("ES256", now()).private)
    return pyjwt.encode(claims, foreign, algorithm="ES256", headers={"typ": "at+jwt", "kid": kid(app)})


def by_cookie_key(app, claims):
    return pyjwt.encode(claims, app.secret_key.ljust(32), algorithm="HS256", headers={"typ": "at+jwt", "kid": kid(app)})


def with_own_key(app, claims):
    """CVE-2026-27962: the key that the token brings along."""
    key = generate("ES256", now())
    jwk = json.loads(pyjwt.algorithms.ECAlgorithm.to_jwk(key.public))
    head = {"typ": "at+jwt", "kid": kid(app), "jwk": jwk}
    return pyjwt.encode(claims, private_pem(key.private), algorithm="ES256", headers=head)


def header(**members):
    return lambda app, claims: signed(app, claims, members)


def claim(**members):
    return lambda app, claims: signed(app, claims | members)


def without(name):
    return lambda app, claims: signed(app, {key: value for key, value in claims.items() if key != name})


def raw(change):
    """A change to the text of a good token."""
    return lambda app, claims: change(*signed(app, claims).split("."))


FORGERIES = [
    pytest.param(unsigned("none"), id="alg none"),
    pytest.param(unsigned("None"), id="alg None"),
    pytest.param(unsigned("nOnE"), id="alg nOnE"),
    pytest.param(unsigned("ES256"), id="no signature"),
    pytest.param(stripped, id="a stripped signature"),
    pytest.param(by_public_key, id="the public key as an HMAC secret"),
    pytest.param(by_cookie_key, id="the key of the cookies"),
    pytest.param(by_foreign_key, id="a foreign key under the name of ours"),
    pytest.param(with_own_key, id="a key that the token brings"),
    *(
        pytest.param(header(alg=alg), id=f"alg {alg}")
        for alg in ("HS256", "RS256", "ES384", "EdDSA", "", None, 5, ["ES256"])
    ),
    *(
        pytest.param(header(typ=typ), id=f"typ {typ}")
        for typ in ("JWT", "at+JWT", "application/at+jwt", "rt+jwt", "id_token", "reset+jwt", "", None, ["at+jwt"])
    ),
    *(
        pytest.param(header(kid=kid), id=f"kid {kid!r}")
        for kid in ("unknown", "", None, 0, "../../etc/passwd", "x' OR 1=1", [])
    ),
    pytest.param(header(crit=["exp"]), id="crit"),
    pytest.param(header(jku="https://evil.example/jwks"), id="jku"),
    pytest.param(header(x5u="https://evil.example/cert"), id="x5u"),
    pytest.param(header(b64=False), id="b64"),
    pytest.param(header(zip="DEF"), id="zip"),
    *(
        pytest.param(claim(iss=iss), id=f"iss {iss!r}")
        for iss in ("https://evil.example", f"{PLACE}/", PLACE[:-5], "", None, 5, [PLACE])
    ),
    *(
        pytest.param(claim(aud=aud), id=f"aud {aud!r}")
        for aud in ("https://evil.example", "http://localhost:8000/x", "", None, 5, ["http://localhost:8000"], [], {})
    ),
    *(pytest.param(without(name), id=f"no {name}") for name in ("exp", "iat", "iss", "aud", "sub", "jti")),
    *(
        pytest.param(claim(exp=exp), id=f"exp {exp!r}")
        for exp in ("4102444800", "never", None, True, [], {}, -1, 10**20, "2099-01-01T00:00:00Z")
    ),
    *(pytest.param(claim(iat=iat), id=f"iat {iat!r}") for iat in ("0", None, True, [], -1, 10**20)),
    *(pytest.param(claim(nbf=nbf), id=f"nbf {nbf!r}") for nbf in ("0", None, True, [], -1)),
    *(
        pytest.param(claim(jti=jti), id=f"jti {jti!r}")
        for jti in ("", "x", None, 5, [], {}, NOBODY, NOBODY.replace("-", ""), "' OR 1=1 --", "\0", "é", "0" * 32)
    ),
    *(pytest.param(claim(sub=sub), id=f"sub {sub!r}") for sub in ("", "ada", None, 5, [], NOBODY, "' OR 1=1 --", "\0")),
    *(
        pytest.param(claim(scope=scope), id=f"scope {scope!r}")
        for scope in (["protected:read"], {"protected:read": 1}, 5)
    ),
    pytest.param(raw(lambda h, c, s: f"{h}.{c}"), id="two parts"),
    pytest.param(raw(lambda h, c, s: f"{h}.{c}.{s}.{s}"), id="four parts"),
    pytest.param(raw(lambda h, c, s: f"{h}.{c}.{s}.x.y"), id="five parts, as an encrypted one has"),
    pytest.param(raw(lambda h, c, s: f"{h}.{c}.{s}="), id="padding"),
    pytest.param(raw(lambda h, c, s: f"{h}.{c}.{s[:-1]}"), id="a letter less"),
    pytest.param(raw(lambda h, c, s: f"{h}.{c}.{s}A"), id="a letter more"),
    pytest.param(raw(lambda h, c, s: f"{h}.{c}.{s.swapcase()}"), id="another signature"),
    pytest.param(raw(lambda h, c, s: f"{h}.{c}.{encode(bytes(64))}"), id="a signature of zeros"),
    pytest.param(raw(lambda h, c, s: f"{h}..{s}"), id="no claims"),
    pytest.param(raw(lambda h, c, s: f".{c}.{s}"), id="no header"),
    pytest.param(raw(lambda h, c, s: f"{h}.{c}.{s}".replace("-", "+").replace("_", "/") + "+"), id="another base64"),
    pytest.param(lambda app, claims: "a.b.c", id="three letters"),
    pytest.param(lambda app, claims: "...", id="dots alone"),
    pytest.param(lambda app, claims: f"{encode([])}.{encode([])}.{encode(b'x')}", id="arrays"),
    pytest.param(lambda app, claims: f"{encode('null')}.{encode('null')}.{encode(b'x')}", id="nulls"),
    pytest.param(lambda app, claims: f"{encode('5')}.{encode('5')}.{encode(b'x')}", id="numbers"),
    pytest.param(lambda app, claims: f"{encode(b'{' * 3000)}.x.y", id="brackets without an end"),
    pytest.param(lambda app, claims: f"{'A' * 4}.{'A' * 8000}.{'A' * 4}", id="8 kB of claims"),
]


@pytest.mark.parametrize("forge", FORGERIES)
def test_a_malformed_token_is_401_token_invalid(app, user, forge):
    assert is_refused(app, forge(app, claims_of(app, user)))


def test_a_signed_token_of_20_kb_is_refused_without_parsing(app, user):
    large = signed(app, claims_of(app, user) | {"x": "y" * 20_000})
    assert Script(app, large).get("/protected").status_code == 431


def test_the_token_that_forgeries_are_made_from_is_valid(app, user):
    assert Script(app, signed(app, claims_of(app, user))).get("/protected").status_code == 200


def test_repeated_claims_are_refused(app, user):
    good = claims_of(app, user)
    twice = json.dumps(good)[:-1] + f', "sub": "{NOBODY}"}}'
    assert is_refused(app, signed(app, twice))
