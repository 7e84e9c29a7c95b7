"""Numbers of the admin pages where there is more than is counted."""

import pytest

from tests import factories
from tests.script import Script
from webapp.core import bounded_count
from webapp.core.bounded_count import BoundedCount, Precision, rounded

NUMBERS = ("people", "active_today", "refused_last_hour", "tokens_expiring", "without_second_factor")


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (BoundedCount(0), "0"),
        (BoundedCount(12345), "12345"),
        (BoundedCount(1000, Precision.AT_LEAST), "at least 1,000"),
        (BoundedCount(1_004_321, Precision.ABOUT), "about 1,000,000"),
    ],
)
def test_pages_say_how_exact_a_number_is(app, count, words):
    with app.test_request_context():
        assert count.words == words


@pytest.mark.parametrize(("number", "down"), [(7, 7), (99, 99), (100, 100), (1099, 1000), (129_999, 120_000)])
def test_inexact_numbers_have_two_digits(number, down):
    assert rounded(number) == down


def test_few_are_counted_exactly(app, visitor):
    script = with_people(app)
    found = script.get("/admin").json
    assert found["precision"] == dict.fromkeys(NUMBERS, "exact")
    assert found["people"] == found["without_second_factor"] == 5
    visitor.log_in("ines")
    assert "5 accounts on this site." in visitor.open("/admin/users").text


def test_counting_stops(app, visitor, monkeypatch):
    script = with_people(app)
    script.get("/admin")
    monkeypatch.setattr(bounded_count, "EXACT_UP_TO", 3)
    found = script.get("/admin").json
    assert found["precision"] == {
        "people": "exact",
        "active_today": "exact",
        "refused_last_hour": "exact",
        "tokens_expiring": "at_least",
        "without_second_factor": "at_least",
    }
    assert found["tokens_expiring"] == found["without_second_factor"] == 3
    visitor.log_in("ines")
    page = visitor.open("/admin/users").text
    for words in ("never logged in", "without a second factor", "with tokens"):
        assert f"<b>at least 3</b>{words}" in page
    assert "<b>at least 3</b>users without a second factor" in visitor.open("/admin").text


def with_people(app):
    """Ines with a token, and four others, each with one."""
    ines = factories.user(app, "ines", role="admin")
    for _ in range(4):
        factories.api_token(app, factories.user(app))
    return Script(app, factories.api_token(app, ines, "admin:read").token)
