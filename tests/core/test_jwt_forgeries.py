"""Forged and malformed JWTs, each refused for its reason."""

import json

import jwt as pyjwt
import pytest
import time_machine
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.core.forged_tokens import (
    CLAIMS,
    KEY,
    NOON,
    NOW,
    TYP,
    claims_with,
    claims_without,
    elsewhere,
    encode,
    forged,
    header_with,
    inside,
)
from webapp.core import jwt
from webapp.core.key_material import public_jwk
from webapp.core.signing_keys import generate


@pytest.fixture(params=[inside, elsewhere])
def verify(request):
    """As the guard of this site does it, and as another service does with our file alone."""
    return request.param


@pytest.fixture(autouse=True)
def noon():
    with time_machine.travel(NOON, tick=False):
        yield


GOOD = forged()
HEAD, BODY, SIGNATURE = GOOD.split(".")
TWISTED = SIGNATURE[:-1] + chr(ord(SIGNATURE[-1]) + 1)


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("", id="nothing"),
        pytest.param("abc", id="a word"),
        pytest.param(f"{HEAD}.{BODY}", id="two parts"),
        pytest.param(f"{GOOD}.x", id="four parts"),
        pytest.param(f"{HEAD}.{BODY}.", id="no signature"),
        pytest.param(f"{HEAD}..{SIGNATURE}", id="no claims"),
        pytest.param(f".{BODY}.{SIGNATURE}", id="no header"),
        pytest.param(f" {GOOD}", id="a space before it"),
        pytest.param(f"{GOOD}\n", id="a line break behind it"),
        pytest.param(f"{GOOD}=", id="padding"),
        pytest.param(f"{HEAD}.{BODY}.{TWISTED}", id="bits left over in the signature"),
        pytest.param(f"{HEAD}.{BODY}.{SIGNATURE[:-4]}", id="a signature cut short"),
        pytest.param(f"{HEAD}.{BODY}.{encode(bytes(64))}", id="a signature of zeros (CVE-2022-21449)"),
        pytest.param(f"{HEAD}.{encode(claims_with(sub='other'))}.{SIGNATURE}", id="other claims under our signature"),
        pytest.param(f"{HEAD}.{BODY.replace('e', 'е', 1)}.{SIGNATURE}", id="a Cyrillic letter"),
        pytest.param("\ud800.a.b", id="half a surrogate pair"),
        pytest.param(GOOD + "A" * 9000, id="more than eight kilobytes"),
        pytest.param(forged(claims=claims_with(pad="x" * 9000)), id="more than eight kilobytes, well signed"),
        pytest.param(f"{encode(b'[' * 4000)}.{BODY}.{SIGNATURE}", id="brackets without end in the header"),
        pytest.param(forged(claims="[" * 4000), id="brackets without end in the claims"),
        pytest.param(forged(claims='{"a":' * 1000 + "1" + "}" * 1000), id="objects in objects"),
        pytest.param(forged(claims="9" * 5000), id="a number of five thousand digits"),
        pytest.param(forged(claims="[]"), id="claims that are a list"),
        pytest.param(forged(claims='"text"'), id="claims that are a text"),
        pytest.param(forged(claims="null"), id="claims that are null"),
        pytest.param(forged(claims=b"\xff\xfe"), id="claims that are no UTF-8"),
        pytest.param(forged(claims=json.dumps(CLAIMS).encode("utf-16")), id="claims in UTF-16"),
        pytest.param(
            forged(claims=b"\xef\xbb\xbf" + json.dumps(CLAIMS).encode()), id="claims behind a byte order mark"
        ),
        pytest.param(forged(claims=json.dumps(CLAIMS)[:-1] + ',"sub":"admin"}'), id="a claim twice"),
        pytest.param(forged(claims=json.dumps(CLAIMS)[:-1] + ',"x":{"a":1,"a":2}}'), id="a claim twice deep inside"),
        pytest.param(forged(claims=json.dumps(CLAIMS)[:-1] + ',"x":NaN}'), id="NaN"),
        pytest.param(forged(claims=json.dumps(CLAIMS) + "{}"), id="something behind the claims"),
        pytest.param(
            forged(header=f'{{"typ":"{TYP}","alg":"none","alg":"ES256","kid":"{KEY.kid}"}}'), id="a header member twice"
        ),
    ],
)
def test_a_malformed_token_is_invalid(token, verify):
    with pytest.raises(jwt.Invalid):
        verify(token)


@pytest.mark.parametrize(
    "header",
    [
        pytest.param([], id="is a list"),
        pytest.param({}, id="is empty"),
        pytest.param({"alg": "ES256", "kid": KEY.kid}, id="has no typ"),
        pytest.param({"typ": TYP, "alg": "ES256"}, id="has no kid"),
        pytest.param({"typ": TYP, "kid": KEY.kid}, id="has no alg"),
        pytest.param(header_with(typ="JWT"), id="is typed as any JWT"),
        pytest.param(header_with(typ="AT+JWT"), id="is typed in capitals"),
        pytest.param(header_with(typ="application/at+jwt"), id="is typed at length"),
        pytest.param(header_with(typ="at+jwt "), id="is typed with a space"),
        pytest.param(header_with(typ=[TYP]), id="is typed by a list"),
        pytest.param(header_with(alg="none"), id="asks for no signature"),
        pytest.param(header_with(alg="None"), id="asks for None"),
        pytest.param(header_with(alg="HS256"), id="asks for another algorithm"),
        pytest.param(header_with(alg="es256"), id="writes the algorithm in small letters"),
        pytest.param(header_with(alg=["ES256"]), id="gives algorithms as a list"),
        pytest.param(header_with(kid="unknown"), id="names a key that we do not have"),
        pytest.param(header_with(kid="../../dev/null"), id="names a file"),
        pytest.param(header_with(kid="' OR 1=1 --"), id="names SQL"),
        pytest.param(header_with(kid=None), id="names no key"),
        pytest.param(header_with(kid=[KEY.kid]), id="names a list of keys"),
        pytest.param(header_with(kid={}), id="names an object"),
        pytest.param(header_with(crit=["exp"]), id="has critical extensions"),
        pytest.param(header_with(jku="https://evil.org/jwks"), id="says where to fetch keys"),
        pytest.param(header_with(jwk=public_jwk(KEY.public, algorithm="ES256")), id="brings its own key"),
        pytest.param(header_with(x5u="https://evil.org/x"), id="says where to fetch certificates"),
        pytest.param(header_with(x5c=["MIIB"]), id="brings certificates"),
        pytest.param(header_with(b64=False), id="leaves its claims unencoded"),
        pytest.param(header_with(zip="DEF"), id="compresses"),
        pytest.param(header_with(cty="JWT"), id="holds another token"),
        pytest.param(header_with(**{"X-tenant": "north"}), id="has a member of an app in capitals"),
        pytest.param(header_with(x_tenant="north"), id="has a member of an app spelled differently"),
        pytest.param(header_with(**{"x-tenant": "north", "crit": ["x-tenant"]}), id="has a critical member of an app"),
        pytest.param({"alg": "ES256", "kid": KEY.kid, "x-typ": TYP}, id="has a member of an app instead of typ"),
    ],
)
def test_a_token_with_a_forged_header_is_invalid(header, verify):
    with pytest.raises(jwt.Invalid):
        verify(forged(header=header))


def test_members_of_an_app_in_the_header_are_ignored(verify):
    header = header_with(**{"x-tenant": "north", "x-kid": "another", "x-alg": "none"})
    assert verify(forged(header=header)) == CLAIMS


@pytest.mark.parametrize(
    "claims",
    [
        *(pytest.param(claims_without(name), id=f"lack {name}") for name in ("exp", "iat", "iss", "aud", "sub", "jti")),
        *(
            pytest.param(claims_with(**{name: None}), id=f"leave {name} null")
            for name in ("exp", "iat", "nbf", "iss", "aud", "sub", "jti", "scope", "client_id")
        ),
        *(
            pytest.param(claims_with(**{name: 7}), id=f"make {name} a number")
            for name in ("iss", "aud", "sub", "jti", "scope", "client_id")
        ),
        *(
            pytest.param(claims_with(**{name: [CLAIMS[name]]}), id=f"make {name} a list")
            for name in ("iss", "aud", "scope")
        ),
        *(pytest.param(claims_with(**{name: True}), id=f"make {name} true") for name in ("exp", "iat", "nbf")),
        *(pytest.param(claims_with(**{name: str(NOW)}), id=f"make {name} a text") for name in ("exp", "iat", "nbf")),
        pytest.param(json.dumps(CLAIMS).replace(str(NOW + 3600), "1e999"), id="never end"),
        pytest.param(claims_with(exp=10**30), id="end beyond all calendars"),
        pytest.param(claims_with(exp=-1), id="end before 1970"),
        pytest.param(claims_with(iat=NOW + 60), id="were made in the future"),
        pytest.param(claims_with(nbf=NOW + 60), id="begin in the future"),
        pytest.param(
            claims_with(iss="https://login.example.org.evil.org"), id="come from an issuer that begins like us"
        ),
        pytest.param(claims_with(iss="https://login.example.or"), id="come from a part of us (CVE-2024-53861)"),
        pytest.param(claims_with(iss=""), id="come from nobody"),
        pytest.param(claims_with(aud=""), id="are for nobody"),
        pytest.param(claims_with(aud="https://other.org"), id="are for somebody else"),
    ],
)
def test_a_token_with_wrong_claims_is_invalid(claims, verify):
    with pytest.raises(jwt.Invalid):
        verify(forged(claims=claims))


def test_a_token_signed_with_the_public_key_as_hmac_secret_is_invalid(verify):
    """CVE-2017-11424, CVE-2022-29217: HMAC under the published key."""
    public = KEY.public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    signed = f"{encode(header_with(alg='HS256'))}.{encode(CLAIMS)}"
    mac = pyjwt.get_algorithm_by_name("HS256")
    with pytest.raises(jwt.Invalid):
        verify(f"{signed}.{encode(mac.sign(signed.encode(), public))}")


def test_a_token_signed_by_a_foreign_key_with_our_kid_is_invalid(verify):
    visitor = generate("ES256", NOON)
    headers = {"typ": TYP, "kid": KEY.kid}
    with pytest.raises(jwt.Invalid):
        verify(pyjwt.encode(CLAIMS, visitor.private, algorithm="ES256", headers=headers))


def test_a_token_for_one_purpose_is_invalid_for_another():
    with pytest.raises(jwt.Invalid, match="typ"):
        inside(GOOD, typ="email+jwt")
