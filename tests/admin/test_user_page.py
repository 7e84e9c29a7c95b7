"""The page of a user: details, accessible endpoints, and why others are not accessible."""

from datetime import timedelta

import pytest

from tests import factories
from tests.admin.admin_objects import NOBODY, WHY, in_state
from tests.browser import Person, parsed, text_of
from webapp.accounts import user_queries
from webapp.core.clock import now
from webapp.core.db import Database
from webapp.web.registry import services_of


@pytest.fixture
def person(ines: Person) -> Person:
    return ines


def test_the_page_of_a_user_has_all_details(app, person, user):
    theirs = Person(app, user_agent="Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/140.0")
    theirs.log_in("ada")
    factories.api_token(app, user, "protected:read", name="backup-nas")
    page = person.open(f"/admin/users/{user.id}").text
    for words in (
        "ada@example.org",
        "1 device, 1 API token and 0 script logins",
        "Firefox on Windows",
        "backup-nas",
        "protected:read",
    ):
        assert words in page
    assert "Access to" in page
    assert "ada</b> logged in with their password" in page
    assert str(user.id) in page


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        (
            {"disabled_at": now()},
            "The account is disabled, so nothing is accessible now. This list applies once it is enabled.",
        ),
        (
            {"verification_required_at": now()},
            "Until they verify their e-mail address, they cannot log in. This list applies once they do.",
        ),
        (
            {"closes_at": now()},
            "The account is closed, so nothing is accessible now. This list applies if they reopen it.",
        ),
        ({}, "Endpoints they can use, and the rule that decides. Access to "),
    ],
)
def test_the_access_report_shows_what_prevents_access(app, person, facts, words):
    in_state(app, "out", **facts)
    with services_of(app).get(Database).read() as db:
        out = user_queries.by_name_or_email(db, "out")
    assert words in text_of(parsed(person.open(f"/admin/users/{out.id}").text))


def test_the_page_shows_why_a_user_has_no_access(app, person):
    in_state(app, "waiting", email_verified_at=None, verification_required_at=now())
    in_state(app, "closing", closes_at=now() + timedelta(days=9))
    with services_of(app).get(Database).read() as db:
        waiting, closing = (user_queries.by_name_or_email(db, name) for name in ("waiting", "closing"))
    assert "not verified: they cannot log in" in person.open(f"/admin/users/{waiting.id}").text
    assert "unless they reopen it" in person.open(f"/admin/users/{closing.id}").text


@pytest.mark.parametrize("user_id", [NOBODY, "nonsense", "1", "' OR 1=1"])
def test_an_unknown_user_is_404(script, user_id):
    assert script.get(f"/admin/users/{user_id}").status_code == 404
    assert script.post(f"/admin/users/{user_id}/disable", json={"reason": WHY}).status_code == 404


def test_the_access_report_lists_what_a_user_can_open_and_why(person, user):
    page = person.open(f"/admin/users/{user.id}").text
    assert "Requires the role admin." in page
    assert "Open to all accounts." in page
