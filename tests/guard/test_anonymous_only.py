"""``@anonymous_only``: pages such as a registration, which make no sense for who is logged in."""

import pytest
from flask import Blueprint

from webapp import testing
from webapp.guard import anonymous_only, guard_blueprint
from webapp.guard.policy import Decision, Requirement, decide
from webapp.guard.routes import routes
from webapp.testing import HTML, as_nobody, as_user, clock, with_token


@pytest.fixture(scope="module")
def site():
    welcome, more = Blueprint("welcome", __name__), Blueprint("more", __name__)
    welcome.add_url_rule("/welcome", "show", anonymous_only(lambda: "welcome"), methods=["GET", "POST"])
    guard_blueprint(more, anonymous_only)
    more.add_url_rule("/welcome/more", "show", lambda: "welcome")
    welcome.register_blueprint(more)
    with testing.app(welcome) as site:
        yield site


SCRIPT = {"Accept": "*/*"}
REDIRECT, PROBLEM = (303, None), (403, "anonymous_required")
# Status and code for: nobody, a session, a token.
TABLE = [
    ("GET", "/welcome", HTML, (200, None), REDIRECT, PROBLEM),
    ("HEAD", "/welcome", HTML, (200, None), REDIRECT, (403, None)),
    ("GET", "/welcome", SCRIPT, (200, None), PROBLEM, PROBLEM),
    ("POST", "/welcome", HTML, (200, None), (403, None), PROBLEM),
    ("POST", "/welcome", SCRIPT, (200, None), PROBLEM, PROBLEM),
    ("GET", "/welcome/more", HTML, (200, None), REDIRECT, PROBLEM),
]


@pytest.mark.parametrize(("method", "path", "headers", "nobody", "session", "token"), TABLE)
def test_only_anonymous_callers_can_open_the_view(site, method, path, headers, nobody, session, token):
    origin = {"Origin": "http://localhost:8000", "Sec-Fetch-Site": "same-origin"}
    callers = {as_nobody(site): nobody, as_user(site, "ada"): session, with_token(site): token}
    for caller, expected in callers.items():
        answer = caller.open(path, method=method, headers=headers | origin)
        assert (answer.status_code, answer.json.get("code") if answer.is_json and answer.data else None) == expected


@pytest.mark.parametrize(
    ("query", "target"),
    [("", "/dashboard"), ("?next=/protected", "/protected"), ("?next=//evil.example", "/dashboard")],
)
def test_a_logged_in_user_is_redirected_to_next_or_the_dashboard(site, query, target):
    assert as_user(site, "ada").get(f"/welcome{query}").headers["Location"] == target


def test_a_logged_in_user_who_sends_the_form_gets_a_page_with_the_fix(site):
    page = as_user(site, "ada").post("/welcome")
    assert "You are already logged in" in page.text
    assert 'href="/logout"' in page.text


def test_an_ended_session_does_not_count_as_a_login(site):
    with clock() as time:
        ada = as_user(site, "ada")
        time.shift(13 * 60 * 60)
        assert ada.get("/welcome").text == "welcome"
        refused = ada.post("/welcome", headers={"Sec-Fetch-Site": "cross-site", "X-CSRF-Token": "x"})
        assert refused.status_code == 403


def test_an_invalid_token_is_refused(site):
    answer = as_nobody(site).get("/welcome", headers={"Authorization": "Bearer nonsense"})
    assert (answer.status_code, answer.json["code"]) == (401, "token_invalid")


def test_the_rule_is_listed_as_it_is_decided(site):
    found = {route.path: (route.by_session, route.by_token) for route in routes(site)}
    assert found["/welcome"] == ("only who is not logged in", "nobody")
    requirement = Requirement(is_public=True, is_anonymous_only=True)
    assert decide(None, requirement, None) is Decision.ALLOW
    assert str(requirement) == "no login"
    responses = as_nobody(site).get("/openapi.json").json["paths"]["/welcome"]["get"]["responses"]
    assert "403" in responses
