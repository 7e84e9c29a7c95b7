"""Responses with one thing wrong beside the ID token: how to make each, and the check that refuses it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.federation.signing import compact, with_key
from tests.federation.upstream import ISSUER, Upstream
from tests.federation.wrong_id_tokens import Change
from webapp.core.outgoing_http import NotReached, OutgoingResponse
from webapp.federation.checks import Check

DISCOVERY = "/.well-known/openid-configuration"
ELSEWHERE = "https://elsewhere.example.org"


def response(path: str, status: int = 200, body: str | bytes = b"") -> Change:
    made = OutgoingResponse(status, body.encode() if isinstance(body, str) else body)
    return lambda upstream: upstream.answers.update({path: lambda: made})


def down(path: str) -> Change:
    def refuse() -> OutgoingResponse:
        raise NotReached("no valid response within 5 seconds")

    return lambda upstream: upstream.answers.update({path: refuse})


def metadata(**changed: Any) -> Change:
    return lambda upstream: upstream.metadata.update(changed)


def tokens(**changed: Any) -> Change:
    return lambda upstream: upstream.tokens.update(changed)


def parameters(**changed: Any) -> Change:
    return lambda upstream: upstream.parameters.update(changed)


def userinfo(**changed: Any) -> Change:
    return lambda upstream: upstream.userinfo.update(changed)


def signed_userinfo(upstream: Upstream) -> None:
    token = compact({"alg": "ES256", "kid": "k1"}, {"sub": "u-1"}, with_key("ES256", upstream.key))
    response("/userinfo", 200, token)(upstream)


def endpoint(url: Any) -> dict[str, Change]:
    names = "authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint", "end_session_endpoint"
    return {f"{name} is {url!r}": metadata(**{name: url}) for name in names}


TWICE = '{"access_token": "a", "access_token": "b", "token_type": "Bearer", "id_token": "x"}'
RESPONSES: dict[Check, dict[str, Change]] = {
    Check.METADATA: {
        "another issuer": metadata(issuer=ELSEWHERE),
        "the issuer with a slash": metadata(issuer=f"{ISSUER}/"),
        "no issuer": metadata(issuer=None),
        **{f"no {name}": metadata(**{name: None}) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")},
        **endpoint("http://id.example.org/plain"),
        **endpoint("https://somebody@id.example.org/"),
        **endpoint("https://id.example.org/#part"),
        **endpoint("javascript:alert(1)"),
        **endpoint("//id.example.org/"),
        **endpoint("https://id.example.org/\n"),
        **endpoint(["https://id.example.org/"]),
        "metadata: status 500": response(DISCOVERY, 500, "{}"),
        "metadata: a redirect": response(DISCOVERY, 301),
        "metadata: HTML": response(DISCOVERY, 200, "<html>"),
        "metadata: a list": response(DISCOVERY, 200, "[]"),
        "metadata: UTF-16": response(DISCOVERY, 200, json.dumps({"issuer": ISSUER}).encode("utf-16")),
        "metadata: not reached": down(DISCOVERY),
    },
    Check.RESPONSE_ISSUER: {
        "iss is missing though promised": parameters(iss=None),
        "iss is empty": parameters(iss=""),
        "iss of another": parameters(iss=ELSEWHERE),
        "iss with a slash": parameters(iss=f"{ISSUER}/"),
    },
    Check.RESPONSE: {
        "an error": parameters(code=None, error="temporarily_unavailable"),
        "an error beside a code": parameters(error="server_error"),
        "an unknown error": parameters(code=None, error="\u202eoops", error_description="<b>" * 300),
        "no code": parameters(code=None),
        "an empty code": parameters(code=""),
        "a code that is too long": parameters(code="c" * 2049),
        "a code that is not ASCII": parameters(code="cödé"),
    },
    Check.TOKEN_RESPONSE: {
        **{f"token endpoint: status {status}": response("/token", status, "{}") for status in (
            201, 204, 301, 302, 303, 307, 308, 400, 401, 500, 503,
        )},
        "token endpoint: HTML": response("/token", 200, "<html>"),
        "token endpoint: nothing": response("/token"),
        "token endpoint: a list": response("/token", 200, "[]"),
        "token endpoint: a member twice": response("/token", 200, TWICE),
        "token endpoint: not reached": down("/token"),
        "an error with status 200": tokens(error="bad_verification_code"),
        "an error that is null": response("/token", 200, '{"error": null}'),
        "no access_token": tokens(access_token=None),
        "access_token is empty": tokens(access_token=""),
        "access_token is a number": tokens(access_token=1),
        "access_token with a line end": tokens(access_token="a\r\nX-Evil: 1"),
        "access_token is too long": tokens(access_token="a" * 20_000),
        "no token_type": tokens(token_type=None),
        "token_type mac": tokens(token_type="mac"),
        "token_type is a list": tokens(token_type=["Bearer"]),
        "id_token is an object": tokens(id_token={}),
    },
    Check.ID_TOKEN: {
        "no id_token": tokens(id_token=None),
        "id_token is empty": tokens(id_token=""),
        "id_token is no JWT": tokens(id_token="a.b.c"),
        "id_token is encrypted": tokens(id_token="e30.e30.e30.e30.e30"),
    },
    Check.SIGNATURE: {
        "keys: status 500": response("/keys", 500),
        "keys: a redirect": response("/keys", 302),
        "keys: HTML": response("/keys", 200, "<html>"),
        "keys: no list": response("/keys", 200, '{"keys": {}}'),
        "keys: too many": response("/keys", 200, json.dumps({"keys": [{"kid": str(one)} for one in range(33)]})),
        "keys: not reached": down("/keys"),
    },
    Check.USERINFO: {
        "userinfo: another sub": userinfo(sub="u-3"),
        "userinfo: no sub": userinfo(sub=None),
        "userinfo: sub is a list": userinfo(sub=["u-1"]),
        "userinfo: not JSON": response("/userinfo", 200, "sub=u-1"),
        "userinfo: signed": signed_userinfo,
        "userinfo: status 401": response("/userinfo", 401, "{}"),
        "userinfo: status 500": response("/userinfo", 500, "{}"),
        "userinfo: a redirect": response("/userinfo", 307),
        "userinfo: not reached": down("/userinfo"),
    },
}  # fmt: skip


def wrong_responses() -> Iterator[Any]:
    for check, rows in RESPONSES.items():
        for words, change in rows.items():
            yield pytest.param(check, change, id=words)
