"""A process that has never reached its database: each route answers 503 or what needs no database, never 500."""

import pytest

from tests.browser import HTML
from webapp.core.db import Database
from webapp.guard.routes import routes
from webapp.web.registry import services_of

KINDS = {
    "browser": {"Accept": HTML, "Cookie": "session=eyJhIjoxfQ.abc.def"},
    "script": {"Accept": "application/json"},
    "token": {"Accept": "application/json", "Authorization": "Bearer x.y.z"},
}


@pytest.fixture
def away(app, instance):
    """The site as it is when it was started while its database did not answer."""
    services_of(app).get(Database).close()
    (instance / "latchkey.db").rename(instance / "away.db")
    return app


@pytest.mark.parametrize("kind", KINDS)
def test_no_route_fails(away, kind):
    found = {}
    for route in routes(away):
        for method in route.methods:
            path = route.path.replace("<", "").replace(">", "")
            answer = away.test_client().open(path, method=method, headers=KINDS[kind])
            found[f"{method} {route.path}"] = answer.status_code, answer.headers.get("Retry-After")
    assert {name: status for name, (status, _again) in found.items() if status >= 500 and status != 503} == {}
    assert {again for status, again in found.values() if status == 503} == {"5"}
    assert found["GET /healthz"][0] == 200
    assert found["GET /dashboard"][0] == 503
    assert found["GET /readyz"][0] == 503


def test_the_page_says_what_to_do(away):
    answer = away.test_client().get("/login", headers=KINDS["browser"])
    assert (answer.status_code, answer.mimetype) == (503, "text/html")
    assert "Temporarily unavailable" in answer.text


def test_it_answers_as_soon_as_the_database_does(away, instance):
    client = away.test_client()
    assert client.get("/login", headers={"Accept": HTML}).status_code == 503
    (instance / "away.db").rename(instance / "latchkey.db")
    assert client.get("/login", headers={"Accept": HTML}).status_code == 200
