"""The list of tokens: in pages, the newest first, and never with a token in it."""

from datetime import timedelta

import time_machine

from tests import factories
from webapp.core.clock import now


def test_the_list_is_paged_newest_first(person, app, user, script):
    # Now, not at some noon: they live for a week, and are read today.
    with time_machine.travel(now(), tick=False) as clock:
        for number in range(25):
            factories.api_token(app, user, name=f"job {number:02}")
            clock.shift(1)
    first, second = script.get("/tokens").json, script.get("/tokens?first=20").json
    names = [entry["name"] for entry in first["tokens"] + second["tokens"] if entry["name"].startswith("job")]
    assert first["total"] == 26
    assert names == sorted(names, reverse=True)
    assert len(names) == 25


def test_a_page_beyond_the_last_is_empty(script):
    assert script.get("/tokens?first=500").json["tokens"] == []


def test_ended_tokens_have_their_own_list(person, app, user, script):
    issued = factories.api_token(app, user, name="gone")
    person.open(f"/tokens/{issued.entry.id}/revoke")
    person.press("Revoke")
    assert [entry["name"] for entry in script.get("/tokens?view=ended").json["tokens"]] == ["gone"]
    assert "gone" not in [entry["name"] for entry in script.get("/tokens").json["tokens"]]


def test_the_list_filters_unused_tokens(app, user, script):
    factories.api_token(app, user, name="idle one", lifetime=timedelta(days=30))
    script.get("/tokens")
    names = [entry["name"] for entry in script.get("/tokens?state=never_used").json["tokens"]]
    assert names == ["idle one"]


def test_the_list_never_contains_a_secret(script):
    assert "eyJ" not in script.get("/tokens").text
