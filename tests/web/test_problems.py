"""Problems as pages and as problem+json; unexpected errors reveal nothing."""

import re
from typing import get_args

import pytest

from tests.browser import Person
from tests.guard.example_routes import HTML, add
from tests.script import Script
from webapp.guard import public
from webapp.web.problem_codes import ProblemCode
from webapp.web.problem_kinds import GUARD_KINDS, KINDS
from webapp.web.problems import Problem

CODES = get_args(ProblemCode)


def raising(error):
    def view():
        raise error

    return public(view)


def test_a_problem_has_the_members_of_rfc_9457(app):
    add(app, "/no", raising(Problem(409, "Taken", "By another.", code="throttled", extra={"errors": {"name": ["x"]}})))
    answer = Script(app).get("/no")
    assert answer.mimetype == "application/problem+json"
    instance = answer.json.pop("instance")
    assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", instance)
    assert {name: value for name, value in answer.json.items() if name != "instance"} == {
        "type": "http://localhost:8000/problems/throttled",
        "title": "Taken",
        "status": 409,
        "detail": "By another.",
        "code": "throttled",
        "errors": {"name": ["x"]},
    }


def test_a_browser_gets_a_problem_as_a_page_of_the_site(app):
    add(app, "/no", raising(Problem(409, "Taken & <gone>", "By <b>another</b>.")))
    answer = Person(app).open("/no")
    assert answer.status_code == 409
    assert "Taken &amp; &lt;gone&gt;" in answer.text


def test_an_error_page_without_other_links_has_a_back_link(app, person):
    assert 'href="/dashboard">Back to the dashboard' in person.open("/nothing").text
    assert 'href="/login">Log in' in Person(app).open("/nothing").text


@pytest.mark.parametrize("accept", [HTML, "*/*"])
def test_a_server_error_shows_only_its_request_id(app, logged, accept):
    add(app, "/bomb", raising(RuntimeError("the secret reason")))
    answer = Script(app).get("/bomb", headers={"Accept": accept})
    assert answer.status_code == 500
    assert "the secret reason" not in answer.text
    assert "the secret reason" not in logged()
    assert "\nRuntimeError" in logged()
    number = re.search(r"[0-9a-f]{8}-[0-9a-f-]{27}", answer.text)
    assert number
    assert number[0] in logged()


def test_an_error_in_the_error_page_is_still_answered(app):
    add(app, "/bomb", raising(RuntimeError()))
    app.jinja_env.globals["request_id"] = None
    answer = Script(app).get("/bomb", headers={"Accept": HTML})
    assert (answer.status_code, answer.mimetype) == (500, "application/problem+json")


def test_the_site_works_after_a_server_error(app):
    add(app, "/bomb", raising(RuntimeError()))
    script = Script(app)
    script.get("/bomb")
    assert script.get("/public").status_code == 200


@pytest.mark.parametrize("code", CODES)
def test_every_problem_code_has_a_page_that_says_what_to_do(app, code):
    answer = Script(app).get(f"/problems/{code.replace('_', '-')}")
    assert answer.status_code == 200
    assert answer.json["repair"]


def test_there_is_one_kind_of_problem_for_each_code():
    assert [kind.slug.replace("-", "_") for kind in sorted(GUARD_KINDS, key=lambda kind: kind.slug)] == list(CODES)


@pytest.mark.parametrize("slug", KINDS)
def test_every_kind_of_problem_has_a_page(app, slug):
    assert Person(app).open(f"/problems/{slug}").status_code == 200


def test_an_unknown_kind_of_problem_is_404(app):
    assert Script(app).get("/problems/nonsense").status_code == 404
