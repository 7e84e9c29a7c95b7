"""Responses of a provider whose ID token has one thing wrong: how to make it, and the check that refuses it."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tests.federation.signing import pem, unsigned, with_key, with_secret, zeros
from tests.federation.upstream import CLIENT, ISSUER, SECRET, Upstream
from webapp.core.clock import now
from webapp.federation.checks import Check

Change = Callable[[Upstream], None]
OTHER = ec.generate_private_key(ec.SECP256R1())
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def claims(**changed: Any) -> Change:
    return lambda upstream: upstream.id_claims.update(changed)


def header(**changed: Any) -> Change:
    return lambda upstream: upstream.header.update(changed)


def time(name: str, seconds: float) -> Change:
    """A time that is so many seconds from now."""
    return lambda upstream: upstream.id_claims.update({name: int(now().timestamp() + seconds)})


def text(replaced: str, by: str) -> Change:
    """Another spelling in the JSON of the claims."""

    def change(upstream: Upstream) -> None:
        upstream.rewrite = lambda found: json.dumps(found).replace(replaced, by)

    return change


def signed(algorithm: str, sign: Callable[[Upstream], Any], **more: Any) -> Change:
    def change(upstream: Upstream) -> None:
        upstream.signs_with = sign(upstream)
        upstream.header.update({"alg": algorithm} | more)

    return change


def jwk(key: Any, **members: Any) -> dict[str, Any]:
    kind = jwt.algorithms.RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else jwt.algorithms.ECAlgorithm
    return dict(json.loads(kind.to_jwk(key.public_key()))) | members


def published(*keys: Callable[[Upstream], dict[str, Any]], kid: str | None = "k1") -> Change:
    """Other keys, and a token that names one of them, or none."""

    def change(upstream: Upstream) -> None:
        upstream.jwks, upstream.kid = {"keys": [key(upstream) for key in keys]}, kid

    return change


def own(**members: Any) -> Callable[[Upstream], dict[str, Any]]:
    return lambda upstream: jwk(upstream.key, **members)


def other(**members: Any) -> Callable[[Upstream], dict[str, Any]]:
    return lambda _upstream: jwk(OTHER, **members)


HALF_HASH = "LDktKdoQak3Pk0cnXxCltA"
SIGNATURES: dict[str, Change] = {
    "alg none": signed("none", lambda _upstream: zeros),
    "alg none in capitals": signed("NONE", lambda _upstream: zeros),
    "zeros for a signature": signed("ES256", lambda _upstream: zeros),
    "HS256 with the client secret": signed("HS256", lambda _upstream: with_secret(SECRET.encode())),
    "HS256 with the public key as secret": signed("HS256", lambda upstream: with_secret(pem(upstream.key))),
    "RS512": signed("RS512", lambda _upstream: with_key("RS512", RSA)),
    "RS256 with a key that is not published": signed("RS256", lambda _upstream: with_key("RS256", RSA)),
    "another key": signed("ES256", lambda _upstream: with_key("ES256", OTHER)),
    "another key in the header": signed("ES256", lambda _upstream: with_key("ES256", OTHER), jwk=jwk(OTHER)),
    "another key at a URL": signed("ES256", lambda _upstream: with_key("ES256", OTHER), jku=f"{ISSUER}/others"),
    "certificates at a URL": signed("ES256", lambda _upstream: with_key("ES256", OTHER), x5u=f"{ISSUER}/others"),
    "alg is missing": header(alg=None),
    "kid is unknown": header(kid="k2"),
    "kid is a path": header(kid="../keys"),
    "kid of another key": published(own(kid="k1"), other(kid="k2"), kid="k2"),
    "no kid with two keys": published(own(kid="k1"), other(kid="k2"), kid=None),
    "no kid with two keys that have none": published(own(), other(), kid=None),
    "a kid with two keys that have none": published(own(), other()),
    "two keys of one kid": published(own(kid="k1"), other(kid="k1")),
    "its key is for encryption": published(own(kid="k1", use="enc")),
    "its key is for another algorithm": published(own(kid="k1", alg="ES384")),
    "its key is a private one": published(own(kid="k1", d="AQAB")),
    "no keys": published(),
}
FORMS: dict[str, Change] = {
    "alg none, no signature": signed("none", lambda _upstream: unsigned),
    "alg ES256, no signature": signed("ES256", lambda _upstream: unsigned),
    "typ at+jwt": header(typ="at+jwt"),
    "typ logout+jwt": header(typ="logout+jwt"),
    "typ is no text": header(typ=1),
    "crit": header(crit=["exp"]),
    "crit is empty": header(crit=[]),
    "kid is no text": header(kid=1),
    "a claim twice": text('"sub":', '"sub": "u-2", "sub":'),
    "NaN": text('"exp": ', '"exp": NaN, "old": '),
    "a number like infinity": text('"exp": ', '"exp": 1e999, "old": '),
    "Infinity": text('"exp": ', '"exp": Infinity, "old": '),
    "claims are a list": text("{", "[{"),
    "claims are nested deeply": text('"sub": ', f'"deep": {"[" * 2000}{"]" * 2000}, "sub": '),
    "too large": claims(picture="x" * 20_000),
}
TIMES: dict[str, Change] = {
    **{f"{name} is {kind}": claims(**{name: value}) for name in ("exp", "iat") for kind, value in (
        ("missing", None), ("true", True), ("text", "4102444800"), ("negative", -1), ("a list", [4102444800]),
        ("after the year 9999", 10**15),
    )},
    "exp has passed": time("exp", -61),
    "exp is far in the past": claims(exp=1),
    "iat is before the login": time("iat", -70),
    "iat is in the future": time("iat", 70),
    "nbf is in the future": time("nbf", 70),
    "nbf is text": claims(nbf="1"),
    "nbf is true": claims(nbf=True),
}  # fmt: skip
CLAIMS: dict[Check, dict[str, Change]] = {
    Check.SIGNATURE: SIGNATURES,
    Check.ID_TOKEN: FORMS,
    Check.TIME: TIMES,
    Check.ISSUER: {
        "iss is missing": claims(iss=None),
        "iss of another": claims(iss="https://other.example.org"),
        "iss with a slash": claims(iss=f"{ISSUER}/"),
        "iss in capitals": claims(iss=ISSUER.upper()),
        "iss is a list": claims(iss=[ISSUER]),
    },
    Check.AUDIENCE: {
        "aud is missing": claims(aud=None),
        "aud of another": claims(aud="other"),
        "aud is empty": claims(aud=[]),
        "aud contains ours as a part": claims(aud=f"{CLIENT} other"),
        "aud of two without azp": claims(aud=[CLIENT, "other"]),
        "aud with a number": claims(aud=[CLIENT, 1], azp=CLIENT),
        "aud is an object": claims(aud={CLIENT: True}),
        "azp of another": claims(azp="other"),
        "azp of another, aud of two": claims(aud=[CLIENT, "other"], azp="other"),
        "azp is empty": claims(azp=""),
    },
    Check.NONCE: {
        "nonce is missing": claims(nonce=None),
        "nonce of another": claims(nonce="of another login"),
        "nonce is a number": claims(nonce=1),
        "nonce is a list": claims(nonce=["of another login"]),
    },
    Check.ACCESS_TOKEN_HASH: {
        "at_hash of another": claims(at_hash=HALF_HASH),
        "at_hash is empty": claims(at_hash=""),
        "at_hash is a number": claims(at_hash=1),
    },
    Check.SUBJECT: {
        "sub is missing": claims(sub=None),
        "sub is empty": claims(sub=""),
        "sub is blank": claims(sub=" \u00a0"),
        "sub is a number": claims(sub=1),
        "sub is true": claims(sub=True),
        "sub is a list": claims(sub=["u-1"]),
        "sub is too long": claims(sub="u" * 256),
        "sub with a line end": claims(sub="u-1\n"),
        "sub with a zero byte": claims(sub="u-1\x00"),
        "sub with a lone surrogate": claims(sub="u-1\ud800"),
    },
    Check.AUTHENTICATION_TIME: {
        "auth_time is in the future": time("auth_time", 70),
        "auth_time is text": claims(auth_time="now"),
        "auth_time is true": claims(auth_time=True),
    },
}


def wrong_id_tokens() -> Iterator[Any]:
    for check, rows in CLAIMS.items():
        for words, change in rows.items():
            yield pytest.param(check, change, id=words)
