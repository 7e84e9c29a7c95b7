"""POST /api/auth/introspect: reports restrictions of a token, and checks a stated request against them."""

import pytest

from tests import factories
from tests.script import Script
from webapp.guard.token_grant import TokenGrant

INACTIVE = {"active": False}


@pytest.fixture
def introspector(app, user):
    return Script(app, factories.api_token(app, user, "tokens:introspect").token)


def introspect(script, token, **members):
    return script.post("/api/auth/introspect", json={"token": token} | members)


BOUND = {
    "networks": ("10.0.0.0/8", "2001:db8::/32"),
    "methods": frozenset(["GET"]),
    "resources": frozenset(["/protected", "/tokens/<uuid:token_id>"]),
    "per_minute": 60,
    "jkt": "a" * 43,
}
TOLD = {
    "networks": ["10.0.0.0/8", "2001:db8::/32"],
    "methods": ["GET"],
    "paths": ["/protected", "/tokens/<uuid:token_id>"],
    "requests_per_minute": 60,
}


def bound(app, user, **bounds):
    return factories.api_token(app, user, grant=TokenGrant(scopes=frozenset(["protected:read"]), **bounds)).token


def test_introspection_returns_the_restrictions(app, user, introspector):
    told = introspect(introspector, bound(app, user, **BOUND)).json
    assert (told["active"], told["restrictions"], told["cnf"]) == (True, TOLD, {"jkt": "a" * 43})
    assert "restrictions" not in introspect(introspector, bound(app, user)).json


@pytest.mark.parametrize(
    ("call", "is_active"),
    [
        pytest.param({}, True, id="no call is stated"),
        pytest.param({"ip_address": "10.1.2.3"}, True, id="the network"),
        pytest.param({"ip_address": "::ffff:10.1.2.3"}, True, id="the network, as a socket of both kinds says it"),
        pytest.param({"ip_address": "2001:db8::7"}, True, id="the other network"),
        pytest.param({"ip_address": "203.0.113.9"}, False, id="another network"),
        pytest.param({"method": "GET"}, True, id="the method"),
        pytest.param({"method": "HEAD"}, True, id="a method that reading includes"),
        pytest.param({"method": "POST"}, False, id="another method"),
        pytest.param({"method": "PURGE"}, False, id="a method that nothing knows"),
        pytest.param({"path": "/protected"}, True, id="the path"),
        pytest.param({"path": "/protected?x=1"}, True, id="the path with a query"),
        pytest.param({"path": "/tokens/00000000-0000-4000-8000-000000000000"}, True, id="a path with a parameter"),
        pytest.param({"path": "/protected/admin"}, False, id="a path below"),
        pytest.param({"path": "/reports"}, False, id="a path of another service"),
        pytest.param({"method": "GET", "path": "/protected", "ip_address": "10.1.2.3"}, True, id="all that it is for"),
        pytest.param(
            {"method": "GET", "path": "/protected", "ip_address": "192.0.2.1"}, False, id="all but the network"
        ),
        pytest.param(
            {"method": "POST", "path": "/protected", "ip_address": "10.1.2.3"}, False, id="all but the method"
        ),
        pytest.param({"method": "GET", "path": "/tokens", "ip_address": "10.1.2.3"}, False, id="all but the path"),
    ],
)
def test_a_token_is_inactive_for_a_stated_call_that_its_restrictions_exclude(app, user, introspector, call, is_active):
    told = introspect(introspector, bound(app, user, **BOUND), **call).json
    assert told["active"] if is_active else told == INACTIVE


def test_a_token_without_restrictions_is_active_for_any_stated_call(app, user, introspector):
    told = introspect(introspector, bound(app, user), method="POST", path="/reports", ip_address="203.0.113.9").json
    assert told["active"] is True


@pytest.mark.parametrize(
    "call",
    [
        *({"ip_address": text} for text in ("x", "10.0.0.0/8", "10.1", "10.1.2.3:80", "[::1]", 7)),
        *({"method": text} for text in ("get", "G T", "G" * 21, 7)),
        *({"path": text} for text in ("protected", "https://x.example/protected", "/" + "x" * 2000)),
    ],
)
def test_an_invalid_stated_call_is_400(app, user, introspector, call):
    assert introspect(introspector, bound(app, user), **call).status_code == 400
