"""A mail is in the language of its recipient: of their account, else of their browser, else English."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from tests import factories
from tests.outbox_mails import mails
from webapp.accounts.models import User
from webapp.accounts.notices import RequestOrigin
from webapp.accounts.token_mails import TokenMails
from webapp.core.clock import now
from webapp.core.db import Database
from webapp.core.translation import LazyText, current_locale
from webapp.testing import as_nobody, as_user, clock
from webapp.web.mail_templates import render_mail
from webapp.web.registry import services_of

REASON = {"reason": "asked for by phone"}


def language(text: str) -> str:
    """Of a page or of the HTML part of a mail."""
    found = re.search(r'<html lang="(\w+)"', text)
    assert found, text
    return found[1]


def headers(accepted: str) -> dict[str, str]:
    return {"Accept": "application/json", "Accept-Language": accepted}


def create_a_token(app: Flask, user: User, accepted: str) -> None:
    sent = {"name": "laptop", "scopes": ["profile:read"], "expires_in": "604800"}
    assert as_user(app, user.username).post("/tokens/new", json=sent, headers=headers(accepted)).status_code == 201


def forget_a_password(app: Flask, user: User, accepted: str) -> None:
    visitor = as_nobody(app)
    visitor.sends_csrf = True
    sent = {"username": user.username}
    # The mail is written when the response was read.
    assert visitor.post("/forgot", json=sent, headers=headers(accepted), buffered=True).status_code == 202


def disable_as_admin(app: Flask, user: User, accepted: str) -> None:
    sent = f"/admin/users/{user.id}/disable"
    admin = as_user(app, "ines", role="admin")
    assert admin.post(sent, json=REASON, headers=headers(accepted)).status_code < 300


def delete_as_admin(app: Flask, user: User, accepted: str) -> None:
    sent = REASON | {"username": user.username}
    admin = as_user(app, "ines", role="super_admin")
    assert admin.post(f"/admin/users/{user.id}/delete", json=sent, headers=headers(accepted)).status_code == 204


def remind_by_a_job(app: Flask, user: User, accepted: str) -> None:
    with clock() as time:
        factories.api_token(app, user, lifetime=timedelta(days=30))
        time.shift(timedelta(days=29, hours=12))
        with services_of(app).get(Database).write() as db:
            services_of(app).get(TokenMails).expiring(db)


@pytest.mark.parametrize(
    ("setting", "act", "accepted", "expected"),
    [
        pytest.param("de", create_a_token, "en", "de", id="the account's before the browser's"),
        pytest.param("en", create_a_token, "de", "en", id="the account's English as well"),
        pytest.param("auto", create_a_token, "de-AT, en;q=0.5", "de", id="the browser's where the account has none"),
        pytest.param("auto", create_a_token, "fr", "en", id="English where the browser wants what there is not"),
        pytest.param("auto", forget_a_password, "de", "de", id="the browser's before the login"),
        pytest.param("de", forget_a_password, "en", "de", id="the account's before the login as well"),
        pytest.param("auto", disable_as_admin, "de", "en", id="not that of an admin's browser"),
        pytest.param("de", disable_as_admin, "en", "de", id="the account's for what an admin does"),
        pytest.param("de", delete_as_admin, "en", "de", id="the account's for its own deletion"),
        pytest.param("auto", remind_by_a_job, "", "en", id="English from a job"),
        pytest.param("de", remind_by_a_job, "", "de", id="the account's from a job"),
    ],
)
def test_a_mail_is_in_the_language_of(
    app: Flask, user: User, setting: str, act: Callable[[Flask, User, str], None], accepted: str, expected: str
) -> None:
    with services_of(app).get(Database).write() as db:
        db.get_one(User, user.id).language = setting
    act(app, user, accepted)
    (mail,) = mails(app)
    assert (mail.to, language(mail.html)) == (user.email, expected)


def test_a_mail_in_another_language_does_not_change_the_language_of_the_response(app: Flask, user: User) -> None:
    with services_of(app).get(Database).write() as db:
        db.get_one(User, user.id).language = "de"
    admin = as_user(app, "ines", role="admin")
    path = f"/admin/users/{user.id}/disable"
    page = admin.post(path, data=REASON, headers={"Accept-Language": "en"}, follow_redirects=True).text
    assert (language(page), language(mails(app)[-1].html)) == ("en", "de")


@pytest.mark.parametrize("chosen", ["en", "de"])
def test_a_text_among_the_facts_is_translated_with_the_mail_and_escaped_in_html(app: Flask, chosen: str) -> None:
    facts = {"username": "ada", "link": "/not-me/x", "lifetime": timedelta(days=7), "is_elsewhere": False}
    with app.test_request_context(headers={"Accept-Language": "en"}):
        written = LazyText(lambda: f"<{current_locale()}>")
        made = render_mail(
            app,
            "factors_changed",
            facts | {"circumstances": RequestOrigin(now(), None, "a test"), "change": written},
            chosen,
        )
    assert f"<{chosen}> " in made.text
    assert f"&lt;{chosen}&gt; " in made.html
