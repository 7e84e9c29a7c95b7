"""A credential counts as used only if the request was authorized: refusals do not change its last use."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from sqlalchemy import text

from tests import factories, restored_site
from tests.browser import HTML, Person
from tests.dpop_client import bound_token, call, claims_for, proof
from tests.guard.cookie_browsers import SETTINGS, with_pages, with_users
from tests.guard.example_routes import add, plain
from tests.restored_site import copied_browser
from tests.script import Script
from tests.tables import events
from webapp.core.db import Database
from webapp.credentials.usage_tracker import UsageTracker
from webapp.guard import anonymous_only, require
from webapp.guard.policy import CODES, Decision
from webapp.guard.token_grant import TokenGrant
from webapp.web.registry import services_of

KEPT = ("credential", "credential_use", "credential_resource_use", "credential_network")
SCOPES = frozenset({"protected:read"})
FOREIGN = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}


@pytest.fixture
def clock():
    with time_machine.travel("2026-11-22T12:00:00Z", tick=False) as travelling:
        yield travelling


def with_more_pages(app):
    with_pages(app)
    add(app, "/undeclared", plain("never"), methods=["GET", "POST"])
    add(app, "/strong", require(scope="strong:read", aal=2)(plain("strong")), methods=["GET", "POST"])
    add(app, "/owned", require(scope="protected:read", owner=uuid4, not_owner=403)(plain("owned")))
    add(app, "/welcome", anonymous_only(plain("welcome")), methods=["GET", "POST"])


restored, at_noon = restored_site.fixtures(with_users, routes=with_more_pages, **SETTINGS)


@pytest.fixture
def site(clock, at_noon):
    return at_noon


def ada_of(app):
    person = Person(app)
    person.log_in("ada")
    return person


@pytest.fixture
def ada(restored, site):
    return copied_browser(restored.prepare(ada_of))


def uses(app):
    """Everything that is kept of uses, with what waits to be written."""
    services_of(app).get(UsageTracker).flush()
    with services_of(app).get(Database).read() as db:
        return {name: sorted(map(repr, db.execute(text(f"SELECT * FROM {name}")))) for name in KEPT}


def token(app, **bounds):
    grant = TokenGrant(**{"scopes": SCOPES} | bounds)
    return factories.api_token(app, factories.user(app, "eve"), grant=grant).token


# Of each decision: what the token may, and what it asks for.
BY_TOKEN = [
    pytest.param({}, "GET", "/mine", Decision.NEED_SESSION, id="a page for people"),
    pytest.param({}, "POST", "/all", Decision.NEED_SESSION, id="a form for people"),
    pytest.param({"networks": ("192.0.2.0/24",)}, "GET", "/change", Decision.OUT_OF_BOUNDS, id="another network"),
    pytest.param({"methods": frozenset({"GET"})}, "POST", "/change", Decision.OUT_OF_BOUNDS, id="another method"),
    pytest.param({"resources": frozenset({"/mine"})}, "GET", "/change", Decision.OUT_OF_BOUNDS, id="another resource"),
    pytest.param({"scopes": frozenset({"profile:read"})}, "GET", "/change", Decision.NEED_SCOPE, id="another scope"),
    pytest.param({}, "GET", "/protected/admin", Decision.NEED_ROLE, id="a role"),
    pytest.param({"scopes": frozenset({"strong:read"})}, "GET", "/strong", Decision.RAISE, id="a second factor"),
    pytest.param({}, "GET", "/grave", Decision.STEP_UP, id="a fresh proof"),
    pytest.param({}, "GET", "/owned", Decision.NEED_OWNER, id="an object of somebody else"),
    pytest.param({}, "GET", "/welcome", Decision.NEED_ANONYMOUS, id="a page without a login"),
    pytest.param({}, "POST", "/welcome", Decision.NEED_ANONYMOUS, id="a form without a login"),
]


@pytest.mark.parametrize(("bounds", "method", "path", "decision"), BY_TOKEN)
def test_a_refused_token_does_not_count_as_used(site, clock, bounds, method, path, decision):
    secret = token(site, **bounds)
    clock.shift(timedelta(minutes=20))
    before = uses(site)
    answer = Script(site, secret).call(method, path)
    assert (answer.status_code in (401, 403), uses(site)) == (True, before)
    (event,) = events(site, "access.refused")
    code = CODES[decision]
    assert f'"{code}"' in event["details"]


def test_every_decision_that_refuses_a_token_is_in_the_table():
    named = {case.values[3] for case in BY_TOKEN}
    assert named == set(Decision) - {Decision.ALLOW, Decision.LOG_IN, Decision.CLOSED}


def test_a_token_over_its_rate_limit_does_not_count_as_used(site, clock):
    script = Script(site, token(site, per_minute=1))
    assert script.get("/change").status_code == 200
    clock.shift(timedelta(seconds=10))
    before = uses(site)
    assert script.get("/change").status_code == 429
    assert uses(site) == before
    (event,) = events(site, "access.refused")
    assert '"throttled"' in event["details"]


def test_a_bound_token_without_its_proof_does_not_count_as_used(site, user_of_site):
    bound = bound_token(site, user_of_site)
    once = proof(claims_for(token=bound))
    before = uses(site)
    for proven in (None, "nonsense"):
        assert call(site, bound, proven).status_code == 401
        assert uses(site) == before
    assert call(site, bound, once).status_code == 200
    before = uses(site)
    assert call(site, bound, once).status_code == 401
    assert uses(site) == before


@pytest.fixture
def user_of_site(site):
    return factories.user(site, "eve")


@pytest.mark.parametrize("accept", [HTML, "*/*"])
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/undeclared", 403),
        ("POST", "/undeclared", 403),
        ("GET", "/nowhere", 404),
        ("PUT", "/mine", 405),
        ("POST", "/protected//", 404),
    ],
)
def test_an_unknown_url_does_not_count_as_use(site, clock, method, path, status, accept):
    person = Person(site)
    person.log_in("ada")
    script = Script(site, token(site))
    clock.shift(timedelta(minutes=20))
    before = uses(site)
    assert person.ask(method, path, headers={"Accept": accept}).status_code == status
    assert script.call(method, path, headers={"Accept": accept}).status_code == status
    assert uses(site) == before


@pytest.mark.parametrize("accept", [HTML, "*/*"])
@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        pytest.param("POST", "/mine", {}, id="no CSRF token"),
        pytest.param("POST", "/mine", {"X-CSRF-Token": "x"}, id="a wrong one"),
        pytest.param("POST", "/all", {"Sec-Fetch-Site": "none"}, id="a public form from outside of any page"),
        pytest.param("POST", "/all", FOREIGN, id="a public form from another site"),
        pytest.param("GET", "/protected/admin", {}, id="a role"),
        pytest.param("GET", "/grave", {}, id="a fresh proof"),
        pytest.param("POST", "/grave", {}, id="a fresh proof for a change"),
        pytest.param("GET", "/strong", {}, id="a second factor"),
    ],
)
def test_a_refused_session_does_not_count_as_used(site, ada, clock, method, path, headers, accept):
    clock.shift(timedelta(minutes=20))
    before = uses(site)
    assert ada.ask(method, path, headers={"Accept": accept} | headers).status_code in (303, 401, 403)
    assert uses(site) == before


@pytest.mark.parametrize("headers", [{}, FOREIGN, {"X-CSRF-Token": "x"}])
def test_a_refused_token_in_a_cookie_does_not_count_as_used(site, page, clock, headers):
    clock.shift(timedelta(minutes=20))
    before = uses(site)
    assert page.ask("POST", "/change", headers={"Accept": "*/*"} | headers).status_code == 403
    assert uses(site) == before


def test_allowed_requests_count_as_use_also_on_public_pages(site, clock):
    person = Person(site)
    person.log_in("ada")
    script = Script(site, token(site))
    for who, path in ((person, "/mine"), (script, "/change"), (person, "/docs")):
        clock.shift(timedelta(minutes=20))
        before = uses(site)
        answer = who.open(path) if path == "/docs" else who.ask("GET", path) if who is person else who.get(path)
        assert answer.status_code == 200
        assert uses(site) != before, path
