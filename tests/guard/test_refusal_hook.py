"""Error handlers of an app, and its function for what the guard refuses: every kind of refusal."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Blueprint, redirect

from tests import factories, restored_site
from webapp.core.clock import now
from webapp.guard import Requirement, anonymous_only, enforce, on_refusal, require
from webapp.guard.token_grant import TokenGrant
from webapp.testing import HTML, JSON, api_token, as_nobody, as_user, user_named, with_token

PAGE = Path(__file__).resolve().parents[2] / "docs" / "errors.md"
SCOPE = "protected:read"
MINUTES = timedelta(minutes=10)


def view() -> str:
    raise AssertionError("a refused request reached the view")


def enforcing() -> str:
    enforce(Requirement(role="super_admin", scope=SCOPE))
    return view()


SEEN = []


@pytest.fixture
def seen():
    SEEN.clear()
    return SEEN


def with_rules(app):
    bp = Blueprint("mine", __name__, url_prefix="/mine")
    rules = {
        "any": require(scope=SCOPE),
        "role": require(role="admin", scope=SCOPE),
        "scope": require(scope="mine:write"),
        "session": require(session=True),
        "fresh": require(scope=SCOPE, fresh_within=MINUTES),
        "level": require(scope=SCOPE, aal=2),
        "owner": require(scope=SCOPE, owner=lambda: user_named(app, "grace").id, not_owner=403),
        "anonymous": anonymous_only,
    }
    for name, rule in rules.items():
        bp.add_url_rule(f"/{name}", name, rule(view), methods=["GET", "POST"])
    bp.add_url_rule("/enforced", "enforced", require(scope=SCOPE)(enforcing))

    @on_refusal(bp)
    def refused(refusal):
        SEEN.append((refusal.code, refusal.is_page))
        return f"mine: {refusal.code}"

    app.register_blueprint(bp)


restored, site = restored_site.fixtures(routes=with_rules)


def limited(site):
    owner = user_named(site, "ada")
    grant = TokenGrant(scopes=frozenset({SCOPE}), methods=frozenset({"POST"}))
    return script(site, api_token(site, owner, grant=grant).token)


def script(site, token):
    made = with_token(site, scopes=[SCOPE])
    made.sends = {"Accept": "*/*", "Authorization": f"Bearer {token}"}
    return made


def ada(site):
    return as_user(site, "ada")


def ada_script(site):
    return with_token(site, scopes=[SCOPE], of="ada")


def json_nobody(site):
    made = as_nobody(site)
    made.sends = JSON
    return made


NO_CSRF = {"X-CSRF-Token": ""}
ROWS = [
    # caller, method, path, headers, code, page, status, challenge
    (as_nobody, "GET", "any", {}, "token_missing", True, 401, False),
    (as_nobody, "POST", "any", {}, "token_missing", True, 401, True),
    (json_nobody, "GET", "any", {}, "token_missing", False, 401, True),
    (lambda site: script(site, "x.y.z"), "GET", "any", {}, "token_invalid", False, 401, True),
    (ada, "GET", "role", {}, "role_required", True, 403, True),
    (ada, "GET", "role", JSON, "role_required", False, 403, True),
    (ada_script, "GET", "role", {}, "role_required", False, 403, True),
    (ada_script, "GET", "scope", {}, "scope_required", False, 403, True),
    (ada_script, "GET", "session", {}, "scope_required", False, 403, True),
    (limited, "GET", "any", {}, "token_limited", False, 403, True),
    (ada, "GET", "level", {}, "mfa_required", True, 401, False),
    (ada, "GET", "level", JSON, "mfa_required", False, 401, True),
    (ada, "GET", "owner", {}, "owner_required", True, 403, True),
    (ada, "GET", "anonymous", {}, "anonymous_required", True, 401, False),
    (ada, "GET", "anonymous", JSON, "anonymous_required", False, 403, False),
    (ada, "POST", "any", NO_CSRF, "csrf_failed", True, 403, False),
    (ada, "POST", "any", NO_CSRF | JSON, "csrf_failed", False, 403, False),
    (ada, "GET", "enforced", {}, "role_required", True, 403, True),
]


@pytest.mark.parametrize(("caller", "method", "path", "headers", "code", "page", "status", "challenge"), ROWS)
def test_every_refusal_is_answered_by_the_app(site, seen, caller, method, path, headers, code, page, status, challenge):
    answer = caller(site).open(f"/mine/{path}", method=method, headers=headers)
    assert (seen, answer.text, answer.status_code) == ([(code, page)], f"mine: {code}", status)
    assert ("WWW-Authenticate" in answer.headers) == challenge
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(("headers", "page"), [(HTML, True), (JSON, False)])
def test_a_login_that_is_too_old_is_answered_by_the_app(site, seen, headers, page):
    with time_machine.travel(now(), tick=False) as clock:
        browser = ada(site)
        clock.shift(MINUTES * 2)
        answer = browser.get("/mine/fresh", headers=headers)
    assert (seen, answer.status_code) == ([("step_up_required", page)], 401)


def test_an_ended_session_is_answered_by_the_app(site, seen):
    browser = ada(site)
    with time_machine.travel(now() + timedelta(days=2)):
        assert browser.get("/mine/any").status_code == 401
    assert seen == [("session_ended", True)]


def test_a_token_over_its_own_limit_is_answered_by_the_app(app, seen):
    bp = Blueprint("mine", __name__)
    bp.add_url_rule("/mine", "index", require(scope=SCOPE)(lambda: "in"))
    on_refusal(bp)(lambda refusal: {"error": refusal.code})
    app.register_blueprint(bp)
    grant = TokenGrant(scopes=frozenset({SCOPE}), per_minute=1)
    caller = script(app, api_token(app, factories.user(app, "bo"), grant=grant).token)
    assert caller.get("/mine").text == "in"
    answer = caller.get("/mine")
    assert (answer.status_code, answer.json) == (429, {"error": "throttled"})
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize(
    ("returned", "status"), [(None, 303), (("teapot", 418), 418), (lambda: redirect("/elsewhere"), 302)]
)
def test_what_the_function_returns_decides(app, returned, status):
    bp = Blueprint("mine", __name__)
    bp.add_url_rule("/mine", "index", require()(view))
    on_refusal(bp)(lambda _refusal: returned() if callable(returned) else returned)
    app.register_blueprint(bp)
    assert as_nobody(app).get("/mine").status_code == status


def test_other_views_are_refused_as_before(site, seen):
    assert as_nobody(site).get("/dashboard").status_code == 303
    assert as_user(site).get("/protected/admin").status_code == 403
    assert seen == []


def test_the_example_of_the_page_works(app):
    names = {"__name__": "reports.views"}
    (block,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.S)
    exec(compile(block, str(PAGE), "exec"), names)
    app.register_blueprint(names["bp"])
    chief, bo = as_user(app, "chief", role="admin"), as_user(app, "bo")
    answers = [chief.get(f"/reports/{name}") for name in ("March", "now", "none")]
    assert [(found.status_code, found.text.strip()) for found in answers[::2]] == [
        (200, "March"),
        (404, "No such report."),
    ]
    assert (answers[1].status_code, answers[1].json["message"]) == (409, "The report of this month is not finished.")
    refused = bo.get("/reports/March")
    assert (refused.status_code, refused.text) == (403, "Ask Ada for access to the reports.")
    assert with_token(app, scopes=[SCOPE]).get("/reports/March").json == {"error": "scope_required"}
    assert as_nobody(app).get("/reports/March").headers["Location"].startswith("/login")
