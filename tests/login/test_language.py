"""The language of pages, texts and mails: the account's setting with a session, else ``Accept-Language``."""

import re
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask
from flask_babel import force_locale

from tests import factories
from tests.browser import HTML, Person
from tests.outbox_mails import mails
from webapp.accounts.models import User
from webapp.core.clock import now
from webapp.core.db import Database
from webapp.core.translation import _
from webapp.guard import Principal, login_manager
from webapp.web import i18n
from webapp.web.registry import services_of

# Setting of the account, Accept-Language, language of strangers and tokens, language with a session.
CASES = [
    ("auto", None, "en", "en"),
    ("auto", "en", "en", "en"),
    ("auto", "de-AT,de;q=0.9,en;q=0.5", "de", "de"),
    ("auto", "fr", "en", "en"),
    ("en", "de", "de", "en"),
    ("de", None, "en", "de"),
    ("de", "en", "en", "de"),
]


def choose(app: Flask, user: User, setting: str) -> None:
    with services_of(app).get(Database).write() as db:
        db.get_one(User, user.id).language = setting


def sent(accepted: str | None) -> dict[str, str]:
    return {"Accept-Language": accepted} if accepted else {}


def language_of(page: str) -> str:
    found = re.search(r'<html lang="([^"]+)"', page)
    assert found
    return found[1]


@pytest.mark.parametrize(("setting", "accepted", "requested", "own"), CASES)
def test_a_page_is_in_the_language_of_the_account_or_the_browser(
    app, user, visitor, prepared, setting, accepted, requested, own
):
    choose(app, user, setting)
    for path in ("/login", "/nowhere"):
        assert language_of(visitor.open(path, headers=sent(accepted)).text) == requested
    prepared.log_in(visitor)
    for path in ("/account/sessions", "/confirm", "/nowhere"):
        assert language_of(visitor.open(path, headers=sent(accepted)).text) == own


@pytest.mark.parametrize(("setting", "accepted", "requested"), [case[:3] for case in CASES])
def test_a_script_gets_the_language_of_its_accept_header(app, user, setting, accepted, requested):
    choose(app, user, setting)
    token = factories.api_token(app, user, "profile:read").token
    with app.test_request_context("/account", headers={"Authorization": f"Bearer {token}"} | sent(accepted)):
        assert login_manager.caller() is not None
        assert i18n.language() == requested


def test_an_ended_session_has_the_language_of_the_browser(app, user, person):
    choose(app, user, "de")
    cookie = person.cookie
    person.open("/account/sessions")
    assert person.ask("POST", "/logout", data={"csrf_token": person.csrf_token}).status_code == 303
    person.client.set_cookie("session", cookie)
    assert language_of(person.open("/login", headers=sent("en")).text) == "en"


def test_the_message_after_a_login_is_in_the_language_of_the_account(app, user, visitor):
    choose(app, user, "de")
    # The first login of all is no news to anybody.
    Person(app).log_in(user.username)
    visitor.log_in(user.username)
    assert language_of(visitor.page.text) == "de"
    assert message_in(app, "de", username=user.username) in visitor.page.text
    assert [language_of(mail.html) for mail in mails(app)] == ["de"]


def message_in(app: Flask, language: str, **values: str) -> str:
    with app.test_request_context(), force_locale(language):
        return _("You are logged in as %(username)s.", **values)


def test_a_login_and_a_logout_select_the_language_again(app, user):
    """Also where a text of the same request was translated before, such as the label of a field."""
    choose(app, user, "de")
    with services_of(app).get(Database).read() as db:
        german = db.get_one(User, user.id)
    with app.test_request_context("/login", headers={"Accept": HTML, "Accept-Language": "en"}):
        assert i18n.language() == "en"
        login_manager.log_in(principal(german))
        assert i18n.language() == "de"
        login_manager.log_out()
        assert i18n.language() == "en"


def principal(user: User) -> Principal:
    later = now() + timedelta(hours=1)
    return Principal(
        user_id=user.id,
        username=user.username,
        roles=("user",),
        credential="session",
        credential_id=UUID(int=0),
        expires_at=later,
        auth_time=now(),
        amr="pwd",
        language=user.language,
    )
