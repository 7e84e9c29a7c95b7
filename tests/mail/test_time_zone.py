"""Dates of mails are in the time zone of the recipient's account, and say which one it is."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask

from tests.outbox_mails import mails
from webapp.accounts.models import User
from webapp.accounts.notices import RequestOrigin
from webapp.core.db import Database
from webapp.testing import as_user
from webapp.web.mail_templates import RenderedMail, render_mail
from webapp.web.registry import services_of

TEMPLATES = Path(__file__).resolve().parents[2] / "templates" / "mail"
KINDS = sorted(template.stem for template in TEMPLATES.glob("[!_]*.txt"))
WITHOUT_DATES = {"test", "access_requested"}
MOMENT = datetime(2090, 7, 9, 22, 32, tzinfo=UTC)
TOKEN = SimpleNamespace(id="1", name="laptop", scopes=["profile:read"], expires_at=MOMENT, last_used_at=MOMENT)
ENDED = SimpleNamespace(sentence="3 sessions were ended.")
MOMENTS = dict.fromkeys(("at", "closes_at", "due_at", "expires_at", "until"), MOMENT)
SPANS = dict.fromkeys(("lifetime", "within"), timedelta(hours=1))
NAMES = dict.fromkeys(("username", "former", "actor", "inviter", "name", "taken", "role", "reason", "change"), "ada")
FACTS = MOMENTS | SPANS | NAMES
FACTS |= {
    "circumstances": RequestOrigin(MOMENT, "192.0.2.1", "Firefox"),
    "token": TOKEN,
    "tokens": [TOKEN],
    "rest": 0,
}
FACTS |= {"ended": ENDED, "link": "/not-me/x", "path": "/reset/x", "count": 1, "left": 1, "failed": 50}
FACTS |= {
    "credential": "token",
    "email": "ada@example.org",
    "origin": "user",
    "is_elsewhere": False,
    "is_granted": True,
}


def rendered(app: Flask, kind: str, language: str, time_zone: str) -> RenderedMail:
    return render_mail(app, kind, FACTS, language, time_zone)


@pytest.mark.parametrize(
    ("language", "time_zone", "expected"),
    [
        pytest.param("en", "UTC", "Sunday 9 July 2090, 22:32 UTC", id="UTC in English"),
        pytest.param("en", "America/New_York", "Sunday 9 July 2090, 18:32 EDT", id="another zone in English"),
        pytest.param("de", "Europe/Berlin", "Montag, 10. Juli 2090, 00:32 CEST", id="the next day in German"),
        pytest.param("en", "America/Sao_Paulo", "Sunday 9 July 2090, 19:32 UTC-03", id="a zone without abbreviation"),
    ],
)
@pytest.mark.parametrize("kind", KINDS)
def test_dates_of_a_mail_are_in_the_time_zone(
    app: Flask, kind: str, language: str, time_zone: str, expected: str
) -> None:
    in_utc, mail = rendered(app, kind, "en", "UTC"), rendered(app, kind, language, time_zone)
    for before, text in ((in_utc.text, mail.text), (in_utc.html, mail.html)):
        dates = len(re.findall("2090", before))
        assert text.count(expected) == dates
        assert len(re.findall("2090", text)) == dates
        assert (dates > 0) == (kind not in WITHOUT_DATES)


@pytest.mark.parametrize(("setting", "name"), [("UTC", "UTC"), ("Asia/Tokyo", "JST")])
def test_the_time_zone_is_that_of_the_recipient_not_of_the_caller(
    app: Flask, user: User, setting: str, name: str
) -> None:
    with services_of(app).get(Database).write() as db:
        db.get_one(User, user.id).time_zone = setting
    admin = as_user(app, "ines", role="admin")
    with services_of(app).get(Database).write() as db:
        db.query(User).filter_by(username="ines").one().time_zone = "America/New_York"
    sent = admin.post(f"/admin/users/{user.id}/disable", json={"reason": "asked for by phone"})
    assert sent.status_code == 303
    assert re.search(rf"Time: .*, \d\d:\d\d {name}$", mails(app)[-1].text, re.MULTILINE)
