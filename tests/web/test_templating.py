"""Moments and lengths in words, and values in translated texts."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import render_template_string
from markupsafe import Markup

from webapp.web.templating import client_label, day, exact, iso, relative, span

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("distance", "words"),
    [
        (timedelta(), "just now"),
        (timedelta(seconds=-30), "just now"),
        (timedelta(seconds=30), "in a moment"),
        (timedelta(minutes=-4), "4 minutes ago"),
        (timedelta(minutes=1), "in 1 minute"),
        (timedelta(hours=-1), "1 hour ago"),
        (timedelta(days=7), "in 7 days"),
        (timedelta(days=7, seconds=-5), "in 7 days"),
        (timedelta(days=-60), "2 months ago"),
        (timedelta(days=400), "in 1 year"),
    ],
)
def test_relative_times(distance, words):
    with time_machine.travel(NOON, tick=False):
        assert relative(NOON + distance) == words


def test_a_duration_below_a_minute_is_empty():
    assert span(timedelta(seconds=29)) == ""


def test_formats_of_a_datetime():
    assert iso(NOON) == "2026-11-22T12:00:00Z"
    assert exact(NOON) == "Sunday 22 November 2026, 12:00 UTC"
    assert day(NOON) == "22 November 2026"


def test_a_client_without_a_name_is_called_a_script():
    assert [str(client_label(product)) for product in ("curl", "a script", "", None)] == ["curl", "a script", "", ""]


@pytest.mark.parametrize("text", ['_("by %(who)s", who=who)', '_n("by %(who)s", "by %(who)s", 2, who=who)'])
@pytest.mark.parametrize(("who", "shown"), [("<i>", "by &lt;i&gt;"), (Markup("<b>ada</b>"), "by <b>ada</b>")])
def test_values_in_a_text_are_escaped_unless_they_are_markup_already(app, text, who, shown):
    with app.test_request_context():
        assert render_template_string("{{ " + text + " }}", who=who) == shown
