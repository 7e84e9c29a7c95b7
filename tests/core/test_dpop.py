"""DPoP proofs: each check of RFC 9449 §4.3, and the error if it fails."""

from datetime import timedelta

import jwt as pyjwt
import pytest
import time_machine

from tests.core.forged_tokens import NOON, NOW, encode
from tests.dpop_client import JKT, KEY, OTHER, SITE, claims_for, header_of, jwk_of, proof
from webapp.core import key_material
from webapp.core.dpop import InvalidDpopKey, InvalidProof, ProvenRequest, thumbprint_in, verify_proof
from webapp.core.signing_keys import generate

MINUTE = timedelta(minutes=1)
TOKEN = "a.b.c"


@pytest.fixture(autouse=True)
def noon():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def verified(text, *, method="GET", path="/protected", token=None, base_urls=(SITE,)):
    return verify_proof(text, ProvenRequest(method=method, base_urls=base_urls, path=path, token=token), window=MINUTE)


def claims(**changes):
    return claims_for(**changes)


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA", "RS256"])
def test_a_proof_yields_the_thumbprint_of_its_key(algorithm):
    key = generate(algorithm, NOON)
    assert verified(proof(key=key)).jkt == key_material.thumbprint(key.public, algorithm=algorithm)


def test_a_proof_has_an_id_by_which_a_replay_is_recognised():
    assert verified(proof(claims(jti="once"))).jti == "once"


@pytest.mark.parametrize("shift", [-60, 0, 60])
def test_a_proof_is_valid_for_a_minute_before_and_after_its_time(noon, shift):
    made = proof()
    noon.shift(shift)
    assert verified(made)


@pytest.mark.parametrize(
    "htu",
    [
        pytest.param(f"{SITE}/protected?next=1#there", id="with a query and a fragment"),
        pytest.param("HTTP://localhost:8000/protected", id="with its scheme in capitals"),
        pytest.param(f"{SITE}/%70rotected", id="with letters escaped that need not be"),
    ],
)
def test_equivalent_urls_are_equal(htu):
    assert verified(proof(claims(htu=htu)))


def test_the_default_port_can_be_in_the_url():
    made = proof(claims(htu="https://LOGIN.example.org:443/protected"))
    assert verified(made, base_urls=("https://login.example.org",))
    with pytest.raises(InvalidProof):
        verified(made, base_urls=("https://login.example.org:8443",))


def test_a_url_without_a_path_is_the_root():
    assert verified(proof(claims(htu=SITE)), path="/")


def test_a_proof_for_a_token_has_the_hash_of_that_token():
    assert verified(proof(claims_for(token=TOKEN)), token=TOKEN)


@pytest.mark.parametrize(
    "changes",
    [
        *(pytest.param({name: ...}, id=f"without {name}") for name in ("htm", "htu", "iat", "jti", "ath")),
        *(pytest.param({name: None}, id=f"with {name} null") for name in ("htm", "htu", "iat", "jti", "ath")),
        *(pytest.param({name: ["x"]}, id=f"with {name} a list") for name in ("htm", "htu", "iat", "jti", "ath")),
        *(pytest.param({name: 7}, id=f"with {name} a number") for name in ("htm", "htu", "iat", "jti", "ath")),
        pytest.param({"htm": "POST"}, id="for another method"),
        pytest.param({"htm": "get"}, id="for a method in small letters"),
        pytest.param({"htu": f"{SITE}/public"}, id="for another path"),
        pytest.param({"htu": f"{SITE}/protected/"}, id="for a path with a slash more"),
        pytest.param({"htu": f"{SITE}/PROTECTED"}, id="for a path in capitals"),
        pytest.param({"htu": "https://localhost:8000/protected"}, id="for https"),
        pytest.param({"htu": "http://127.0.0.1/protected"}, id="for another port"),
        pytest.param({"htu": "http://evil.example.org:8000/protected"}, id="for another host"),
        pytest.param({"htu": "http://localhost:8000.evil.org/protected"}, id="for a host that begins alike"),
        pytest.param({"htu": "http://localhost:8000@evil.org/protected"}, id="for a host behind an at"),
        pytest.param({"htu": "http://evil.org@localhost:8000/protected"}, id="for a user at our host"),
        pytest.param({"htu": "//localhost:8000/protected"}, id="for no scheme"),
        pytest.param({"htu": "/protected"}, id="for a path alone"),
        pytest.param({"htu": "http://127.0.0.1:99999/protected"}, id="for no port"),
        pytest.param({"htu": "http://[::1/protected"}, id="for half an address"),
        pytest.param({"htu": f"{SITE}/prot\nected"}, id="with a line break in the address"),
        pytest.param({"htu": f"{SITE}\\protected"}, id="with a backslash"),
        pytest.param({"htu": ""}, id="for nothing"),
        pytest.param({"iat": NOW - 61}, id="from a second too long ago"),
        pytest.param({"iat": NOW + 61}, id="from a second too far ahead"),
        pytest.param({"iat": True}, id="from a moment that is true"),
        pytest.param({"iat": str(NOW)}, id="from a moment that is a text"),
        pytest.param({"iat": 10**400}, id="from beyond all calendars"),
        pytest.param({"iat": -1}, id="from before 1970"),
        pytest.param({"jti": ""}, id="without a name"),
        pytest.param({"jti": "x" * 257}, id="with an endless name"),
        pytest.param({"ath": encode(b"\0" * 32)}, id="for another token"),
        pytest.param({"ath": "é"}, id="for no token"),
    ],
)
def test_an_invalid_proof_is_refused(changes):
    with pytest.raises(InvalidProof):
        verified(proof(claims_for(token=TOKEN, **changes)), token=TOKEN)


PRIVATE = pyjwt.algorithms.ECAlgorithm.to_jwk(KEY.private, as_dict=True)


@pytest.mark.parametrize(
    "changes",
    [
        *(pytest.param({name: ...}, id=f"without {name}") for name in ("typ", "alg", "jwk")),
        pytest.param({"typ": "JWT"}, id="typed as any JWT"),
        pytest.param({"typ": "at+jwt"}, id="typed as a token"),
        pytest.param({"typ": "DPOP+JWT"}, id="typed in capitals"),
        pytest.param({"alg": "none"}, id="with no signature"),
        pytest.param({"alg": "HS256"}, id="with a shared secret"),
        pytest.param({"alg": "ES384"}, id="with another algorithm"),
        pytest.param({"alg": ["ES256"]}, id="with a list of algorithms"),
        pytest.param({"crit": ["x"], "x": 1}, id="with critical extensions"),
        pytest.param({"kid": "k"}, id="with the name of a key"),
        pytest.param({"jku": "https://evil.org/jwks"}, id="with a place to fetch keys from"),
        pytest.param({"jwk": PRIVATE}, id="with the private key"),
        pytest.param({"jwk": {"kty": "oct", "k": encode(b"k" * 32)}}, id="with a secret for a key"),
        pytest.param({"jwk": jwk_of(OTHER)}, id="with the key of somebody else"),
        pytest.param({"jwk": "key"}, id="with a text for a key"),
        pytest.param({"jwk": []}, id="with a list for a key"),
        pytest.param({"jwk": {}}, id="with nothing for a key"),
        pytest.param({"jwk": jwk_of(KEY) | {"crv": "P-521"}}, id="with a key on another curve"),
        pytest.param({"jwk": jwk_of(KEY) | {"x": "AAAA"}}, id="with a key that is too short"),
        pytest.param({"jwk": jwk_of(KEY) | {"x": None}}, id="with half a key"),
        pytest.param({"jwk": {"kty": "RSA", "n": encode(b"\xff" * 4000), "e": "AQAB"}}, id="with an endless key"),
    ],
)
def test_a_proof_is_refused_with_its_header(changes):
    with pytest.raises(InvalidProof):
        verified(proof(header=header_of(**changes)))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(lambda: "", id="nothing"),
        pytest.param(lambda: "proof", id="a word"),
        pytest.param(lambda: f"{proof()}, {proof()}", id="two of them"),
        pytest.param(lambda: f"{proof()},{proof()}", id="two without a space"),
        pytest.param(lambda: proof() + "=", id="padding"),
        pytest.param(lambda: proof()[:-4], id="a signature cut short"),
        pytest.param(lambda: proof().rpartition(".")[0] + ".", id="no signature"),
        pytest.param(lambda: proof(claims(pad="x" * 64000)), id="sixty-four kilobytes"),
        pytest.param(lambda: proof(claims="[]"), id="a list of claims"),
        pytest.param(lambda: proof(claims="[" * 4000), id="brackets without end"),
        pytest.param(lambda: proof(claims='{"jti":"a","jti":"b"}'), id="a name twice"),
        pytest.param(lambda: proof(header="{}"), id="an empty header"),
        pytest.param(lambda: "\ud800.a.b", id="half a surrogate pair"),
    ],
)
def test_a_malformed_proof_is_refused(text):
    with pytest.raises(InvalidProof):
        verified(text())


def test_an_hmac_with_the_public_key_as_secret_is_refused():
    head = {"typ": "dpop+jwt", "alg": "HS256", "jwk": jwk_of(KEY)}
    signed = f"{encode(head)}.{encode(claims())}"
    secret = key_material.public_pem(KEY.public).encode()
    with pytest.raises(InvalidProof):
        verified(f"{signed}.{encode(pyjwt.get_algorithm_by_name('HS256').sign(signed.encode(), secret))}")


def test_a_proof_signed_with_another_key_than_in_its_header_is_refused():
    with pytest.raises(InvalidProof):
        verified(proof(header=header_of(KEY), key=OTHER))


def test_a_key_is_given_by_its_thumbprint_or_as_a_jwk():
    assert thumbprint_in(f" {JKT}\n") == JKT
    assert thumbprint_in(pyjwt.utils.force_bytes(str(jwk_of(KEY)).replace("'", '"')).decode()) == JKT


@pytest.mark.parametrize(
    "text",
    [
        "",
        "key",
        "[]",
        "null",
        '{"kty": "oct", "k": "AAAA"}',
        pytest.param(JKT + "x", id="a letter more than a thumbprint"),
        "\ud800",
        "9" * 5000,
        "{" * 5000,
    ],
)
def test_a_value_that_is_no_public_key_is_refused(text):
    with pytest.raises(InvalidDpopKey, match="public key"):
        thumbprint_in(text)


def test_a_private_key_is_refused_with_the_advice_to_create_a_new_one():
    with pytest.raises(InvalidDpopKey, match="private"):
        thumbprint_in(str(PRIVATE).replace("'", '"'))
