"""Events in sentences about whom they concern, for those who look after the house."""

import pytest

from webapp.audit.log import Event
from webapp.audit.reports import ACTOR, REPORTS, SOMEBODY, USER, Details, words


def said(event, *, by=None, **details):
    found = words(event, Details(details), has_actor=by is not None)
    named = {USER: "ada", ACTOR: by}
    return "".join(named.get(word, word) for word in found)


@pytest.mark.parametrize("event", Event)
def test_every_event_is_reported_even_without_details(event):
    sentence = said(event)
    assert event.value not in sentence
    assert "None" not in sentence
    assert "_" not in said(event, role="super_admin", former="user", amr="pwd", code="role_required", reason="too_late")


@pytest.mark.parametrize(("event", "report"), REPORTS.items())
def test_no_report_speaks_to_the_reader(event, report):
    assert not {"you", "your"} & set(said(event).lower().split())


@pytest.mark.parametrize(
    ("event", "details", "sentence"),
    [
        (Event.USER_DISABLED, {}, "ada was disabled by ines"),
        (Event.ROLE_CHANGED, {"former": "user", "role": "super_admin"}, "The role of ada was changed by ines"),
        (Event.ROLE_EDITED, {"role": "night_porter"}, "The role night porter was changed by ines"),
        (Event.RESET_ASKED, {"way": "by mail"}, "A password reset link was mailed to ada by ines"),
    ],
)
def test_whoever_did_it_stands_at_the_end(event, details, sentence):
    assert said(event, by="ines", **details) == sentence


def test_a_name_that_nobody_has_is_not_said_to_be_somebodys():
    found = words(Event.SESSION_REFUSED, Details({"is_known": False}), has_actor=False)
    assert USER not in found
    assert SOMEBODY not in found


def test_an_event_of_another_version_is_told_by_its_name():
    assert words("moon.landed", Details({}), has_actor=False) == ("moon.landed",)


def test_what_the_sentence_says_is_known_to_be_said():
    details = Details({"route": "/logout", "code": "csrf_failed", "limit": 3})
    words(Event.ACCESS_REFUSED, details, has_actor=False)
    assert details.said == {"route", "code", "bound"}
