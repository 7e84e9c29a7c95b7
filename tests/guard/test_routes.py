"""Closed by default: the requirement of every route of the site."""

import re

import pytest

from tests import factories, restored_site
from tests.script import Script
from webapp.guard.routes import routes
from webapp.tokens.scopes import Catalogue
from webapp.web.registry import services_of

restored, app = restored_site.fixtures()

ARGUMENTS = {
    "<uuid:token_id>": "5f6c1c52-3b1b-4f0e-9d3a-0a54b0a6f111",
    "<uuid:event_id>": "6" * 8 + "-0000-4000-8000-" + "0" * 12,
    "<uuid:session_id>": "5" * 8 + "-0000-4000-8000-" + "0" * 12,
}


def path_of(route):
    path = route.path
    for name, value in ARGUMENTS.items():
        path = path.replace(name, value)
    # Whatever else has a number: one that nobody has.
    path = re.sub(r"<uuid:\w+>", ARGUMENTS["<uuid:session_id>"], path)
    path = re.sub(r"<(?:string:)?(?!slug|secret|version|path)\w+>", "nobody", path)
    return path.replace("<slug>", "throttled").replace("<secret>", "x").replace("<version>/<path:filename>", "1/x.css")


def test_every_route_has_a_rule(app):
    assert [route.path for route in routes(app) if route.requirement is None] == []


def test_every_guarded_route_refuses_anonymous_requests_in_every_method(app):
    visitor = Script(app)
    for route in routes(app):
        if not route.requirement.is_public:
            for method in (*route.methods, *(["HEAD"] if "GET" in route.methods else [])):
                assert visitor.call(method, path_of(route)).status_code == 401, (method, route.path)


def test_every_route_lists_its_methods_in_an_anonymous_preflight(app):
    visitor = Script(app)
    for route in routes(app):
        answer = visitor.call("OPTIONS", path_of(route))
        assert answer.status_code == 200, route.path
        assert set(route.methods) <= set(answer.headers["Allow"].split(", ")), route.path


def test_every_session_only_route_refuses_a_token_with_every_scope(app, user):

    every = factories.api_token(app, user, *services_of(app).get(Catalogue).scopes).token
    script = Script(app, every)
    for route in routes(app):
        if route.requirement.session:
            for method in route.methods:
                assert script.call(method, path_of(route)).status_code == 403, (method, route.path)


def test_no_route_that_changes_something_answers_a_get(app):
    assert not [r.path for r in routes(app) if "POST" in r.methods and "GET" in r.methods]


@pytest.mark.parametrize("method", ["TRACE", "PUT", "DELETE", "PATCH", "FROB"])
def test_no_route_answers_to_a_method_that_it_does_not_declare(app, method):
    for route in routes(app):
        if method not in route.methods:
            assert Script(app).call(method, path_of(route)).status_code == 405, route.path


def test_the_list_of_routes_shows_who_may_use_them_with_what(app):
    found = {route.path: (route.by_session, route.by_token) for route in routes(app) if "GET" in route.methods}
    assert found["/protected/admin"] == ("role admin", "protected:read, role admin")
    assert found["/tokens/new"] == ("any account, confirmed in the last 10 minutes", "nobody")
    assert found["/public"] == ("everybody", "everybody")
    assert found["/healthz"] == ("everybody, without cookie", "everybody")
