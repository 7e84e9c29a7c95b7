"""What a token may do at the most: its bounds as values, and as the guard asks for them."""

from datetime import timedelta

import pytest
import time_machine

from tests import factories, restored_site
from tests.script import Script
from webapp.core.clock import now
from webapp.core.db import Database
from webapp.credentials.models import Credential
from webapp.guard.token_grant import Call, TokenGrant, exceeded, grant_of, stored
from webapp.web.registry import services_of

restored, app = restored_site.fixtures()

READ = frozenset({"protected:read"})
HOME = Call("GET", "/protected", "10.0.0.7")


def of(**bounds):
    return TokenGrant(scopes=READ, **bounds)


@pytest.mark.parametrize(
    ("bounds", "call", "bound"),
    [
        pytest.param({}, HOME, None, id="without bounds there is none to break"),
        pytest.param({"methods": frozenset({"GET"})}, HOME, None, id="a method that is named is kept"),
        pytest.param({"methods": frozenset({"GET"})}, HOME._replace(method="HEAD"), None, id="whoever reads may look"),
        pytest.param(
            {"methods": frozenset({"GET"})}, HOME._replace(method="OPTIONS"), None, id="and ask what there is"
        ),
        pytest.param({"methods": frozenset({"GET"})}, HOME._replace(method="POST"), "method", id="but not change"),
        pytest.param(
            {"methods": frozenset({"GET"})}, HOME._replace(method="get"), "method", id="methods have capitals"
        ),
        pytest.param({"resources": frozenset({"/protected"})}, HOME, None, id="an address that is named is kept"),
        pytest.param(
            {"resources": frozenset({"/protected"})},
            HOME._replace(resource="/protected/admin"),
            "resource",
            id="what begins alike is another address",
        ),
        pytest.param({"networks": ("10.0.0.0/8",)}, HOME, None, id="an address within the network"),
        pytest.param(
            {"networks": ("10.0.0.0/8",)}, HOME._replace(ip_address="11.0.0.1"), "network", id="and one without"
        ),
        pytest.param({"networks": ("192.0.2.1/32", "10.0.0.7/32")}, HOME, None, id="one of several is enough"),
        pytest.param(
            {"networks": ("10.0.0.0/8",)}, HOME._replace(ip_address="::ffff:10.0.0.7"), None, id="IPv4 written as IPv6"
        ),
        pytest.param(
            {"networks": ("2001:db8::/32",)}, HOME._replace(ip_address="2001:db8::1"), None, id="an IPv6 address"
        ),
        pytest.param({"networks": ("2001:db8::/32",)}, HOME, "network", id="IPv4 is in no IPv6 network"),
        pytest.param({"networks": ("0.0.0.0/0",)}, HOME._replace(ip_address="::1"), "network", id="nor the other way"),
        pytest.param(
            {"networks": ("10.0.0.0/8",)}, HOME._replace(ip_address=None), "network", id="no IP address is in none"
        ),
        pytest.param(
            {"networks": ("10.0.0.0/8",)}, HOME._replace(ip_address="10.0.0.7, 11.0.0.1"), "network", id="nor nonsense"
        ),
    ],
)
def test_restrictions_are_enforced(bounds, call, bound):
    assert exceeded(of(**bounds), call) == bound


def test_a_stored_grant_is_read_unchanged():
    held = of(methods=frozenset({"GET"}), networks=("10.0.0.0/8",), per_minute=5, jkt="x")
    assert grant_of(stored(held)) == held


def test_equal_grants_are_stored_as_equal_text():
    one, other = frozenset({"a:read", "b:read", "c:read"}), frozenset({"c:read", "a:read", "b:read"})
    assert stored(TokenGrant(scopes=one)) == stored(TokenGrant(scopes=other))


@pytest.fixture
def bounded(app, user):
    def make(**bounds):
        return Script(app, factories.api_token(app, user, grant=of(**bounds)).token)

    return make


@pytest.mark.parametrize(
    ("bounds", "bound"),
    [
        ({"methods": frozenset({"POST"})}, "method"),
        ({"resources": frozenset({"/dashboard"})}, "resource"),
        ({"networks": ("192.0.2.0/24",)}, "network"),
    ],
)
def test_a_call_outside_the_restrictions_is_refused_with_the_restriction_and_a_fix(bounded, bounds, bound):
    answer = bounded(**bounds).get("/protected")
    assert (answer.status_code, answer.json["code"], answer.json["required"]) == (403, "token_limited", [bound])
    assert answer.json["fix"].startswith("http://localhost:8000/tokens/")
    assert 'error="insufficient_scope"' in answer.headers["WWW-Authenticate"]


def test_a_refusal_does_not_reveal_the_allowed_networks(bounded):
    assert "192.0.2" not in bounded(networks=("192.0.2.0/24",)).get("/protected").text


def test_a_call_within_all_restrictions_is_accepted(bounded):
    held = bounded(methods=frozenset({"GET"}), resources=frozenset({"/protected"}), networks=("10.0.0.0/8",))
    assert held.get("/protected").status_code == 200


def test_a_forged_forwarded_ip_address_does_not_satisfy_a_network_restriction(bounded):
    forged = {"X-Forwarded-For": "192.0.2.7", "Forwarded": "for=192.0.2.7", "X-Real-IP": "192.0.2.7"}
    assert bounded(networks=("192.0.2.0/24",)).get("/protected", headers=forged).status_code == 403


def test_behind_a_trusted_proxy_the_forwarded_ip_address_counts(make_app):
    app = make_app(WEBAPP_TRUSTED_PROXIES="10.0.0.0/8")
    held = of(networks=("192.0.2.0/24",))
    script = Script(app, factories.api_token(app, factories.user(app), grant=held).token)
    assert script.get("/protected", headers={"X-Forwarded-For": "192.0.2.7"}).status_code == 200
    assert script.get("/protected", headers={"X-Forwarded-For": "192.0.2.7, 203.0.113.9"}).status_code == 403


def test_the_rate_limit_is_exact(bounded):
    script = bounded(per_minute=2)
    with time_machine.travel(now(), tick=False) as clock:
        assert [script.get("/protected").status_code for _ in range(3)] == [200, 200, 429]
        refused = script.get("/protected")
        assert (refused.json["code"], 1 <= int(refused.headers["Retry-After"]) <= 60) == ("throttled", True)
        clock.shift(61)
        assert script.get("/protected").status_code == 200


def test_refused_requests_do_not_count_towards_the_rate_limit(bounded):
    script = bounded(per_minute=1)
    assert script.get("/dashboard").status_code == 403
    assert script.get("/protected").status_code == 200


def test_a_new_restriction_applies_to_the_next_request(app, user):
    issued = factories.api_token(app, user, "protected:read", "profile:read")
    script = Script(app, issued.token)
    assert script.get("/protected").status_code == 200
    with services_of(app).get(Database).write() as db:
        db.get_one(Credential, issued.entry.id).grant = TokenGrant(scopes=frozenset({"profile:read"}))
    assert script.get("/protected").json["code"] == "scope_required"
    assert script.get("/dashboard").status_code == 200


def test_every_response_has_the_expiry_of_the_token(app, user):
    issued = factories.api_token(app, user, "protected:read", lifetime=timedelta(days=30))
    answer = Script(app, issued.token).get("/protected")
    assert answer.headers["Token-Expires"] == issued.credential.expires_at.isoformat(timespec="seconds")
    assert "Token-Warning" not in answer.headers


def test_a_refusal_of_a_known_token_has_its_expiry_too(app, user):
    answer = Script(app, factories.api_token(app, user, "protected:read").token).get("/dashboard")
    assert (answer.status_code, "Token-Expires" in answer.headers) == (403, True)


@pytest.mark.parametrize(
    ("left", "words"), [(timedelta(days=3, minutes=1), "3 days"), (timedelta(hours=2), "less than a day")]
)
def test_responses_warn_in_the_last_week_of_a_token(app, user, left, words):
    answer = Script(app, factories.api_token(app, user, "protected:read", lifetime=left).token).get("/protected")
    assert words in answer.headers["Token-Warning"]


def test_responses_to_a_session_have_no_token_headers(person):
    assert "Token-Expires" not in person.open("/protected").headers
