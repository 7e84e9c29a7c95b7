"""/account/activity: what happened, and what was tried."""

import csv
import io
import uuid

import pytest

from tests import factories
from tests.browser import Person
from webapp.audit import reading
from webapp.audit.carrying import harmless
from webapp.audit.log import Event, record


def happen(app, user, count: int, **details) -> None:
    with app.extensions["database"].write() as db:
        for number in range(count):
            record(db, Event.TOKEN_REVOKED, user_id=user.id, **({"name": f"t{number}"} | details))


def test_failed_attempts_are_there_too(person, app):
    Person(app).log_in("ada", "wrong wrong wrong")
    assert "Somebody typed a wrong password" in person.open("/account/activity?kind=refusals").text
    assert "You logged in" not in person.page.text


def test_pages_are_walked_in_both_directions_and_lose_nothing(script, app, user):
    happen(app, user, 70)
    seen, older = [], None
    for _ in range(5):
        answer = script.get("/account/activity?kind=tokens" + (f"&before={older}" if older else "")).json
        seen += [event["id"] for event in answer["events"]]
        if (older := answer["older"]) is None:
            break
        last = answer
    assert len(seen) == len(set(seen)) == 71, (
        "seventy, and one that was minted; its first use is newer than the first page"
    )
    back = script.get(f"/account/activity?kind=tokens&after={seen[60]}").json
    assert [event["id"] for event in back["events"]] == seen[30:60]
    assert back["older"] == seen[59]
    assert last["events"]


def test_nobody_reads_of_others(person, app):
    eve = factories.user(app, "eve")
    happen(app, eve, 1)
    with app.extensions["database"].read() as db:
        theirs = reading.of_user(db, eve.id)[0].id
    for event_id in (theirs, uuid.uuid4()):
        assert person.open(f"/account/activity/{event_id}").status_code == 404
        assert person.open(f"/account/activity?before={event_id}").status_code == 404


def test_was_this_you_offers_the_way_out(person, app):
    Person(app).log_in("ada", "wrong wrong wrong")
    person.open("/account/activity")
    page = person.follow("Was this you?").text
    assert 'href="/account/password"' in page
    assert 'href="/account/sessions/end-others"' in page


def test_from_was_this_you_that_very_session_is_ended(person, app):
    other = Person(app, user_agent="curl/8")
    other.log_in("ada")
    person.open("/account/activity")
    person.follow("Was this you?")
    person.press("Log out curl")
    assert other.ask("GET", "/dashboard").status_code == 303


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", '=HYPERLINK("http://evil")'])
def test_no_cell_of_the_csv_is_a_formula(person, app, user, name):
    """OWASP: CSV injection. A sentence begins with words of ours; what others wrote may begin with anything."""
    assert harmless(name) == f"'{name}"
    happen(app, user, 1, name=name)
    answer = person.open("/account/activity.csv")
    rows = list(csv.reader(io.StringIO(answer.text)))
    assert rows[0] == ["at", "event", "sentence", "address", "browser", "refused"]
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t"))]
    assert "attachment" in answer.headers["Content-Disposition"]
