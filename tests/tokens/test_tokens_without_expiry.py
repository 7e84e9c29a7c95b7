"""Tokens without an end: only where the site allows them, and for a reason."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from tests import factories
from tests.browser import Person
from tests.script import Script
from tests.tables import contents, events
from tests.tokens.mint_calls import by_json

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def lenient(make_app):
    app = make_app(WEBAPP_TOKEN_NEVER_EXPIRES="true")
    factories.user(app, "ada")
    return app


def test_never_is_not_offered_unless_the_site_allows_it(person):
    assert "Never" not in person.open("/tokens/new").text


def test_never_is_offered_where_the_site_allows_it(lenient):
    ada = Person(lenient)
    ada.log_in("ada")
    assert "Never" in ada.open("/tokens/new").text


def test_a_token_without_expiry_needs_a_reason(lenient):
    ada = Person(lenient)
    ada.log_in("ada")
    for reason in ("", "short", "x" * 201, "two\nlines of it"):
        answer = by_json(ada, expires_in="never", reason=reason)
        assert answer.status_code == 422, reason


def test_a_token_without_expiry_works_for_ever_and_is_shown_as_such(lenient):
    with time_machine.travel(NOON, tick=False) as clock:
        ada = Person(lenient)
        ada.log_in("ada")
        reason = "A sensor that nobody can reach again"
        made = by_json(ada, expires_in="never", reason=reason, scopes=["protected:read", "tokens:read"]).json
        assert made["expires_at"] == "9999-01-01T00:00:00Z"
        page = ada.open(f"/tokens/{made['id']}").text
        assert re.search(r"<dt>Expires</dt><dd>never</dd>", page)
        assert re.search(r'data-label="Expires"><span>never</span>', ada.open("/tokens").text)
        (minted,) = events(lenient, "token.minted")
        assert reason in str(minted["details"])
        clock.shift(timedelta(days=20 * 365))
        answer = Script(lenient, made["access_token"]).get("/protected")
        assert (answer.status_code, answer.headers["Token-Expires"]) == (200, "never")
        assert "Token-Warning" not in answer.headers


def test_a_reason_is_stored_only_without_expiry(lenient, app):
    ada = Person(lenient)
    ada.log_in("ada")
    assert by_json(ada, expires_in="3600", reason="I wrote it before I changed my mind").status_code == 201
    assert "changed my mind" not in str(contents(lenient))
