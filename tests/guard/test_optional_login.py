"""@require(optional=True): anonymous requests are allowed, and a credential that is sent is still checked."""

import pytest
import time_machine
from flask import jsonify

from tests import factories, restored_site
from tests.browser import Person
from tests.guard.example_routes import HTML, add
from tests.script import Script
from webapp.core.clock import now
from webapp.guard import require
from webapp.guard.policy import Decision, Requirement, decide
from webapp.guard.routes import routes
from webapp.site.openapi_document import ways_in


def greet(principal):
    return jsonify(name=principal.username if principal else None)


def with_routes(app):
    add(app, "/greeting", require(scope="protected:read", optional=True)(greet), methods=["GET", "POST"])
    add(app, "/admin-greeting", require(role="admin", scope="protected:read", optional=True)(greet))


restored, app = restored_site.fixtures(routes=with_routes)


@pytest.fixture
def site(app):
    return app


def test_a_request_without_credential_has_no_principal(site):
    assert Script(site).get("/greeting").json == {"name": None}
    assert Person(site).open("/greeting").json == {"name": None}


def test_a_valid_credential_sets_the_principal(site, person, user):
    assert person.ask("GET", "/greeting").json == {"name": "ada"}
    assert Script(site, factories.api_token(site, user).token).get("/greeting").json == {"name": "ada"}


@pytest.mark.parametrize("header", ["Bearer nonsense", "Bearer", "Basic eDp5", "Bearer a.b.c"])
def test_an_invalid_credential_is_refused_not_anonymous(site, header):
    answer = Script(site).get("/greeting", headers={"Authorization": header})
    assert (answer.status_code, answer.json["code"]) == (401, "token_invalid")


def test_an_expired_or_revoked_token_is_refused(site, user):
    with time_machine.travel("2026-11-22T12:00:00Z", tick=False) as clock:
        script = Script(site, factories.api_token(site, user).token)
        clock.shift(8 * 86400)
        assert script.get("/greeting").json["code"] == "token_expired"


@pytest.mark.parametrize("accept", [HTML, "*/*"])
def test_an_ended_session_is_refused_once_and_then_anonymous(site, user, accept):
    person, other = Person(site), Person(site)
    person.log_in(user.username)
    other.client.set_cookie("session", person.cookie)
    person.open("/logout")
    person.press("Log out")
    answer = other.ask("GET", "/greeting", headers={"Accept": accept})
    assert answer.status_code == (303 if accept == HTML else 401)
    assert other.ask("GET", "/greeting", headers={"Accept": accept}).json == {"name": None}


def test_a_known_caller_who_lacks_the_scope_is_refused(site, person, user):
    assert Script(site, factories.api_token(site, user, "tokens:read").token).get("/greeting").status_code == 403
    assert person.ask("GET", "/admin-greeting").status_code == 403
    assert Script(site).get("/admin-greeting").json == {"name": None}


def test_an_anonymous_change_needs_a_csrf_token(site, user):
    assert Script(site).post("/greeting").json["code"] == "csrf_failed"
    visitor = Person(site)
    visitor.open("/login")
    sent = {"X-CSRF-Token": visitor.csrf_token}
    assert visitor.ask("POST", "/greeting", headers=sent).json == {"name": None}
    assert Script(site, factories.api_token(site, user).token).post("/greeting").json == {"name": "ada"}


def test_route_lists_show_that_the_login_is_optional(site):
    (hall,) = [route for route in routes(site) if route.path == "/greeting"]
    assert (hall.by_session, hall.by_token) == ("everybody unnamed, any account", "protected:read")
    assert str(hall.requirement).startswith("nothing, or any account")
    assert {} in ways_in(hall.requirement, is_change=False)
    assert {} not in ways_in(hall.requirement, is_change=True)


def test_without_optional_anonymous_callers_are_refused():
    assert decide(None, Requirement(), now()) is Decision.LOG_IN
    assert decide(None, Requirement(is_optional=True), now()) is Decision.ALLOW
