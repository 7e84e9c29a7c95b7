"""What is refused before the application is asked."""

import json

from webapp.web.bare_problem import BUSY, bare_problem


def test_browsers_get_a_page_and_scripts_a_problem_document():
    page, document = (bare_problem(503, "https://login.example", BUSY, is_page=is_page) for is_page in (True, False))
    assert (page.headers[0][1], document.headers[0][1]) == ("text/html; charset=utf-8", "application/problem+json")
    assert BUSY in page.body.decode()
    assert json.loads(document.body)["type"] == "https://login.example/problems/service-unavailable"
