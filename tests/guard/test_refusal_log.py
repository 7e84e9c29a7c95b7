"""Repeated refusals are one audit event a minute and a log line each, and hide no other refusals."""

from datetime import timedelta

import pytest
import time_machine

from tests import factories
from tests.guard.example_routes import add, plain, with_changes
from tests.script import Script
from tests.tables import events
from webapp.audit.log import Event
from webapp.audit.sentences import parts, wording
from webapp.core.clock import now
from webapp.credentials import lifecycle as credentials
from webapp.guard import require
from webapp.guard.refusal_log import NETWORKS, OF_NETWORK
from webapp.guard.token_grant import TokenGrant

SCOPES = frozenset({"protected:read"})


@pytest.fixture
def clock():
    with time_machine.travel(now(), tick=False) as travelling:
        yield travelling


def routes(app, amount):
    paths = [f"/scanned/{number}" for number in range(amount)]
    for path in paths:
        add(app, path, require(role="admin", scope="protected:read")(plain("never")))
    return paths


def refused(app):
    return events(app, "access.refused")


def callers(app):
    return [event["address"] for event in refused(app)]


def test_the_same_refusal_is_one_row_a_minute(clock, app, script, logged):
    for _ in range(20):
        assert script.get("/protected/admin").status_code == 403
    assert len(refused(app)) == 1
    clock.shift(60)
    script.get("/protected/admin")
    assert len(refused(app)) == 2
    assert logged().count("info access.refused") == 21


def test_another_route_code_or_credential_is_another_row(clock, app, user, script):
    for path in ("/protected/admin", "/protected/super-admin", "/admin/users"):
        script.get(path)
        Script(app, factories.api_token(app, user, "protected:read").token).get(path)
    assert len(refused(app)) == 6


def test_a_revoked_token_that_is_still_used_does_not_fill_the_table(clock, app, user, database):
    issued = factories.api_token(app, user)
    with database.write() as db:
        assert credentials.end(db, issued.entry.id)
    codes = {Script(app, issued.token).get("/protected").json["code"] for _ in range(10)}
    assert codes == {"token_revoked"}
    assert len(refused(app)) == 1


def test_a_noisy_job_does_not_hide_a_thief_in_another_network(clock, app, user):
    secret = factories.api_token(app, user, grant=TokenGrant(scopes=SCOPES, methods=frozenset({"POST"}))).token
    for ip_address in ["10.0.0.7"] * 50 + ["203.0.113.9", "2001:db8::9"]:
        Script(app, secret, ip_address=ip_address).get("/protected")
    assert sorted(callers(app)) == ["10.0.0.7", "2001:db8::9", "203.0.113.9"]


def test_a_scan_of_every_route_does_not_hide_a_thief_in_another_network(clock, app, user):
    secret, paths = factories.api_token(app, user, "protected:read").token, routes(app, OF_NETWORK.amount + 5)
    for path in paths:
        Script(app, secret).get(path)
    assert len(refused(app)) == OF_NETWORK.amount
    Script(app, secret, ip_address="203.0.113.9").get(paths[0])
    assert callers(app).count("203.0.113.9") == 1


def test_the_number_of_rows_is_limited_whatever_the_number_of_networks(clock, app, user, logged):
    secret, paths = factories.api_token(app, user, "protected:read").token, routes(app, 2)
    many = 2 * NETWORKS.amount
    for number in range(many):
        for path in paths:
            Script(app, secret, ip_address=f"10.1.{number}.1").get(path)
    # The first networks are counted apart, and all others together as one more.
    assert len(refused(app)) == 2 * NETWORKS.amount + OF_NETWORK.amount
    assert logged().count("info access.refused") == 2 * many
    clock.shift(timedelta(hours=1))
    Script(app, secret, ip_address="10.2.0.1").get(paths[0])
    assert "10.2.0.1" in callers(app)


BOUNDS = {
    "network": {"networks": ("192.0.2.0/24",)},
    "method": {"methods": frozenset({"POST"})},
    "resource": {"resources": frozenset({"/account"})},
    "rate": {"per_minute": 1},
}


@pytest.mark.parametrize("bound", BOUNDS)
def test_row_log_line_and_sentence_name_the_restriction_that_refused(clock, app, user, logged, bound):
    script = Script(app, factories.api_token(app, user, grant=TokenGrant(scopes=SCOPES, **BOUNDS[bound])).token)
    for _ in range(3):
        script.get("/protected")
    (event,) = refused(app)
    assert f'"bound": "{bound}"' in event["details"]
    assert f'bound="{bound}"' in logged()
    details = {"route": "/protected", "code": "token_limited", "bound": bound}
    assert str(wording.BOUNDS[bound]) in parts(Event.ACCESS_REFUSED, wording.Details(details), has_actor=False)[-1]


def test_a_token_that_meets_two_restrictions_has_a_row_for_each(clock, app, user):
    with_changes(app)
    bounds = TokenGrant(scopes=SCOPES, methods=frozenset({"GET"}), per_minute=1)
    script = Script(app, factories.api_token(app, user, grant=bounds).token)
    for method in ("GET", "GET", "POST"):
        script.call(method, "/change")
    assert sorted("rate" in event["details"] for event in refused(app)) == [False, True]
