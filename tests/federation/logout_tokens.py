"""Logout tokens of the provider: the right one, and what may be wrong with one."""

from uuid import uuid4

from tests.federation.signing import compact, unsigned, with_key, with_secret
from tests.federation.upstream import CLIENT, ISSUER, SECRET, without_none
from tests.federation.wrong_id_tokens import OTHER
from webapp.core.clock import now
from webapp.federation.logout_tokens import EVENT


def logout_token(upstream, *, header=None, sign=None, **changed):
    moment = int(now().timestamp())
    right = {
        "iss": ISSUER,
        "aud": CLIENT,
        "iat": moment,
        "exp": moment + 120,
        "jti": uuid4().hex,
        "events": {EVENT: {}},
    }
    head = {"alg": "ES256", "typ": "logout+jwt", "kid": "k1"} | (header or {})
    return compact(without_none(head), without_none(right | changed), sign or with_key("ES256", upstream.key))


MOMENT = now()
WRONG = {
    "typ at+jwt": {"header": {"typ": "at+jwt"}},
    "typ dpop+jwt": {"header": {"typ": "dpop+jwt"}},
    "typ is a list": {"header": {"typ": ["logout+jwt"]}},
    "crit": {"header": {"crit": ["exp"]}},
    "alg none": {"header": {"alg": "none"}, "sign": unsigned},
    "HS256 with the client secret": {"header": {"alg": "HS256"}, "sign": with_secret(SECRET.encode())},
    "another key": {"sign": with_key("ES256", OTHER)},
    "kid is unknown": {"header": {"kid": "k2"}},
    "iss is missing": {"iss": None},
    "iss of another": {"iss": "https://other.example.org"},
    "aud is missing": {"aud": None},
    "aud of another": {"aud": "other"},
    "aud of two": {"aud": [CLIENT, "other"]},
    "azp of another": {"azp": "other"},
    "exp is missing": {"exp": None},
    "exp has passed": {"exp": int(MOMENT.timestamp()) - 70},
    "exp is true": {"exp": True},
    "iat is missing": {"iat": None},
    "iat is too old": {"iat": int(MOMENT.timestamp()) - 700},
    "iat is in the future": {"iat": int(MOMENT.timestamp()) + 70},
    "nbf is in the future": {"nbf": int(MOMENT.timestamp()) + 70},
    "jti is missing": {"jti": None},
    "jti is empty": {"jti": ""},
    "jti is a number": {"jti": 1},
    "jti is too long": {"jti": "x" * 256},
    "events are missing": {"events": None},
    "events are a list": {"events": [EVENT]},
    "events without this one": {"events": {"http://schemas.openid.net/event/other": {}}},
    "the event is a text": {"events": {EVENT: "yes"}},
    "the event is null": {"events": {EVENT: None}},
    "a nonce": {"nonce": "n"},
    "a nonce that is empty": {"nonce": ""},
    "neither sub nor sid": {"sub": None, "sid": None},
    "sid is empty": {"sid": ""},
    "sid is blank": {"sid": " "},
    "sid is a list": {"sid": ["s-1"]},
    "sid with a line end": {"sid": "s-1\n"},
    "sub is a number": {"sub": 1},
    "sub is too long": {"sub": "u" * 256},
}
