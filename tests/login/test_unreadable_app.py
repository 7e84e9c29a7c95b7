"""An authenticator app whose seed cannot be decrypted: the code does not count as wrong."""

import pytest
from sqlalchemy import update

from tests import factories, tables
from tests.browser import Person
from tests.outbox_mails import mails
from tests.second_factors import with_app, with_sheet
from webapp.core.db import Database
from webapp.core.models import RateBucket
from webapp.login.views.login_errors import APP_UNREADABLE
from webapp.login.views.proof_forms import WRONG_CODE
from webapp.mfa.models import TotpSeed
from webapp.web.registry import services_of


@pytest.fixture
def unreadable(app, user):
    """The codes of an app whose seed was encrypted with a secret key that is gone."""
    authenticator = with_app(app, user)
    with services_of(app).get(Database).write() as db:
        db.execute(update(TotpSeed).values(sealed=bytes(60)))
    return authenticator


def counts(app):
    with services_of(app).get(Database).read() as db:
        return {row.key: row.hits for row in db.query(RateBucket) if "code" in row.key}


def at_second_step(app):
    person = Person(app)
    person.open("/login")
    person.press("Log in", username="ada", password=factories.PASSWORD)
    return person


def test_the_page_says_that_the_app_cannot_be_checked_and_no_attempt_counts(app, user, unreadable):
    person = at_second_step(app)
    for _ in range(15):
        page = person.press("Continue", code=unreadable.code())
        assert page.status_code == 422
        assert str(APP_UNREADABLE).replace("'", "&#39;") in page.text
        assert str(WRONG_CODE) not in page.text
    assert counts(app) == {}
    assert not tables.events(app, "code.refused")
    assert not mails(app)


def test_a_recovery_code_still_logs_in(app, user, unreadable):
    (code, *_) = with_sheet(app, user)
    person = at_second_step(app)
    person.press("Continue", code=unreadable.code())
    assert person.press("Continue", code=code).request.path == "/account/security"


def test_a_script_gets_503_and_no_attempt_counts(app, user, unreadable):
    sent = {"username": "ada", "password": factories.PASSWORD, "code": unreadable.code()}
    answer = app.test_client().post("/api/auth", json=sent)
    assert (answer.status_code, answer.json["title"]) == (503, "Authenticator app can't be checked")
    assert counts(app) == {}


def test_a_wrong_code_of_an_app_that_can_be_read_counts_as_before(app, user):
    with_app(app, user)
    person = at_second_step(app)
    assert str(WRONG_CODE) in person.press("Continue", code="000000").text
    assert counts(app)
