"""The list of endpoints, and who used one of them on which day."""

from datetime import timedelta

import pytest
import time_machine

from tests.guard.example_routes import add, plain
from webapp.admin.views.endpoints import PAGE
from webapp.core.clock import now
from webapp.credentials.usage_tracker import UsageTracker
from webapp.guard import require
from webapp.testing import as_user, with_token
from webapp.web.registry import services_of

JSON = {"Accept": "application/json"}
USES = "/admin/endpoints/uses"


@pytest.fixture
def clock():
    with time_machine.travel("2026-11-22T12:00:00Z", tick=False) as travelling:
        yield travelling


@pytest.fixture
def site(clock, app):
    add(app, "/mine", require(scope="protected:read", audit=True)(plain("in")))
    return app


@pytest.fixture
def chief(site):
    return as_user(site, "chief", role="admin")


def flushed(site):
    services_of(site).get(UsageTracker).flush()


def uses(chief, **query):
    return chief.get(USES, query_string={"route": "GET /mine"} | query, headers=JSON).json


def test_sessions_and_tokens_are_counted_by_day_and_user(site, chief, clock):
    ada, script = as_user(site, "ada"), with_token(site, scopes=["protected:read"])
    for caller in (ada, ada, script):
        caller.get("/mine")
    clock.shift(timedelta(days=1))
    as_user(site, "bo").get("/mine")
    flushed(site)
    chief = as_user(site, "chief")
    found = uses(chief)
    assert [(use["day"], use["user"], use["by_session"], use["by_token"]) for use in found["uses"]] == [
        ("2026-11-23", "bo", 1, 0),
        ("2026-11-22", "ada", 2, 1),
    ]
    assert (found["endpoint"]["requests"], found["endpoint"]["users"], found["before"]) == (4, 2, None)
    page = chief.get(USES, query_string={"route": "GET /mine"}).text
    assert "Sunday 22 November" in page
    assert "/admin/audit?event=page.opened&amp;route=/mine" in page


def test_the_list_names_the_rule_and_the_use_of_each_endpoint(site, chief):
    as_user(site, "ada").get("/mine")
    flushed(site)
    found = {entry["endpoint"]: entry for entry in chief.get("/admin/endpoints", headers=JSON).json["endpoints"]}
    assert found["GET /mine"] == {
        "endpoint": "GET /mine",
        "why": "Open to all accounts.",
        "scope": "protected:read",
        "is_audited": True,
        "requests": 1,
        "users": 1,
    }
    assert found["GET /admin/users"]["why"] == "Requires the role admin."
    assert (found["POST /logout"]["scope"], found["POST /logout"]["users"]) == (None, 0)
    page = chief.get("/admin/endpoints").text
    assert 'href="/admin/endpoints/uses?route=GET+/mine"' in page
    assert 'href="/admin/endpoints/uses?route=GET+/mine"' in chief.get("/admin/roles/user").text


def test_endpoints_of_your_own_come_first_and_a_filter_finds_others(site, chief):
    as_user(site, "ada").get("/dashboard")
    flushed(site)
    rows = chief.get("/admin/endpoints", headers=JSON).json["endpoints"]
    assert [row["endpoint"] for row in rows[:2]] == ["GET /mine", "GET /dashboard"]
    for wanted, expected in (("USERS/<", True), ("get /admin/roles", True), ("%", False), ("nothing", False)):
        rows = chief.get("/admin/endpoints", query_string={"q": wanted}, headers=JSON).json["endpoints"]
        assert all(wanted.lower() in row["endpoint"].lower() for row in rows)
        assert bool(rows) is expected
    assert "No endpoint matches" in chief.get("/admin/endpoints", query_string={"q": "nothing"}).text
    assert chief.get("/admin/endpoints", query_string={"q": "x" * 201}).status_code == 400


def test_pages_follow_each_other_without_gaps(site, chief, clock):
    for number in range(PAGE + 5):
        as_user(site, f"person{number}").get("/mine")
    flushed(site)
    first = uses(chief)
    second = uses(chief, before=first["before"])
    assert (len(first["uses"]), len(second["uses"]), second["before"]) == (PAGE, 5, None)
    assert len({use["user"] for use in first["uses"] + second["uses"]}) == PAGE + 5
    page = chief.get(USES, query_string={"route": "GET /mine"}).text
    assert "Older" in page
    assert "Newest" in chief.get(USES, query_string={"route": "GET /mine", "before": first["before"]}).text


def test_an_endpoint_that_nobody_used_says_so(chief):
    assert "Nobody used it in the last 90 days" in chief.get(USES, query_string={"route": "GET /mine"}).text


def test_what_is_older_than_90_days_is_not_shown(site, chief, clock):
    as_user(site, "ada").get("/mine")
    flushed(site)
    clock.shift(timedelta(days=91))
    assert uses(as_user(site, "ines", role="admin"))["uses"] == []
    assert now().year == 2027


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"route": "GET /nowhere"}, 404),
        ({"route": "GET /login"}, 404),
        ({}, 400),
        ({"route": "GET /mine", "before": "yesterday"}, 400),
        ({"route": "GET /mine", "before": f"2026-13-45.{'a' * 36}"}, 400),
        ({"route": "GET /mine", "before": f"2026-11-22.{'-' * 36}"}, 400),
        ({"route": "x" * 201}, 400),
    ],
)
def test_a_wrong_query_is_refused(chief, query, status):
    assert chief.get(USES, query_string=query, headers=JSON).status_code == status


def test_the_uses_of_a_deleted_user_are_gone(site, chief):
    as_user(site, "ada").get("/mine")
    flushed(site)
    user_id = uses(chief)["uses"][0]["user_id"]
    told = {"reason": "left", "username": "ada"}
    assert chief.post(f"/admin/users/{user_id}/delete", json=told, headers=JSON).status_code == 204
    assert uses(chief)["uses"] == []


def test_the_export_of_a_user_has_the_routes_of_their_sessions(site):
    ada = as_user(site, "ada")
    ada.get("/mine")
    flushed(site)
    assert {use["resource"] for use in ada.post("/account/export", headers=JSON).json["uses"]} >= {"GET /mine"}
