"""The page of one token, and the list of them: what it did, where it was refused, what it does not need."""

from datetime import timedelta

import pytest

from tests import factories
from tests.core.forged_tokens import NOON
from tests.script import Script
from webapp.core.db import Database
from webapp.credentials import purge, usage_tracker
from webapp.credentials.models import Credential
from webapp.credentials.usage_tracker import UsageTracker
from webapp.guard.token_grant import TokenGrant
from webapp.tokens.scope_suggestions import unneeded
from webapp.tokens.scopes import Catalogue
from webapp.web.registry import services_of

DAY = timedelta(days=1)


@pytest.fixture
def person(at_noon):
    return at_noon


def token_json(person, issued, query=""):
    return person.ask("GET", f"/tokens/{issued.entry.id}{query}", headers={"Accept": "application/json"}).json


def seldom(app, user, clock):
    """A token of two months that was used for one thing of two."""
    issued = factories.api_token(app, user, "protected:read", "tokens:read", name="nightly", lifetime=300 * DAY)
    clock.shift(60 * DAY)
    Script(app, issued.token).get("/protected")
    services_of(app).get(UsageTracker).flush()
    return issued


def test_uses_are_shown_by_day_and_by_route(app, user, person, clock):
    issued = seldom(app, user, clock)
    person.log_in(user.username)
    found = token_json(person, issued)
    assert (found["days"][-1]["requests"], found["resources"]) == (1, [{"resource": "GET /protected", "requests": 1}])
    assert "GET /protected" in person.open(f"/tokens/{issued.entry.id}").text


def test_an_unused_scope_can_be_removed_with_one_click(app, user, person, clock):
    issued = seldom(app, user, clock)
    person.log_in(user.username)
    assert token_json(person, issued)["unneeded"] == ["tokens:read"]
    person.open(f"/tokens/{issued.entry.id}")
    person.press("Remove")
    assert token_json(person, issued)["scopes"] == ["protected:read"]
    refused = Script(app, issued.token).get("/tokens")
    assert (refused.status_code, refused.json["code"]) == (403, "scope_required")


def test_a_new_or_idle_token_gets_no_suggestion(app, user, person, clock):
    issued = factories.api_token(app, user, "protected:read", "tokens:read", lifetime=300 * DAY)
    Script(app, issued.token).get("/protected")
    assert token_json(person, issued)["unneeded"] == []
    clock.shift(60 * DAY)
    person.log_in(user.username)
    assert token_json(person, issued)["unneeded"] == []


@pytest.mark.parametrize(
    ("uses", "requests", "found"),
    [
        pytest.param({"GET /protected": 3}, 3, ["tokens:read"], id="one of two"),
        pytest.param({"HEAD /protected": 3}, 3, ["tokens:read"], id="asking for the head is reading"),
        pytest.param({"GET /protected": 3}, 9, [], id="where some requests were not followed, nothing is said"),
        pytest.param({"GET /protected": 3, "other": 1}, 4, [], id="nor where some were counted together"),
        pytest.param({"GET /nowhere": 3}, 3, [], id="never all of them"),
        pytest.param({}, 0, [], id="nor of what is not used at all"),
    ],
)
def test_unused_scopes_of_a_token(app, uses, requests, found):
    catalogue = services_of(app).get(Catalogue)
    assert unneeded(["protected:read", "tokens:read"], uses, requests, catalogue) == found


def test_the_last_scope_cannot_be_removed(app, user, person, clock):
    issued = factories.api_token(app, user, "protected:read")
    person.open(f"/tokens/{issued.entry.id}")
    fields = {"scope": "protected:read", "csrf_token": person.csrf_token}
    assert person.visit("POST", f"/tokens/{issued.entry.id}/drop", data=fields).status_code == 409


def test_refusals_are_shown_with_the_reason(app, user, person, clock):
    issued = factories.api_token(app, user, "protected:read")
    Script(app, issued.token).get("/tokens")
    (denial,) = token_json(person, issued)["denials"]
    assert (denial["code"], denial["route"], denial["ip_address"]) == ("scope_required", "/tokens", "10.0.0.7")
    assert "tokens:read" in denial["reason"]
    assert "Refused requests" in person.open(f"/tokens/{issued.entry.id}").text


def test_the_page_polls_until_the_first_request(app, user, person, clock):
    issued = factories.api_token(app, user)
    path = f"/tokens/{issued.entry.id}"
    assert person.open(f"{path}?wait=1").headers["Refresh"] == "3"
    assert "Refresh" not in person.open(path).headers
    Script(app, issued.token).get("/protected")
    assert "Refresh" not in person.open(f"{path}?wait=1").headers


def test_the_list_filters_tokens_without_restrictions(app, user, person, clock):
    everything = services_of(app).get(Catalogue).held_by(("user",))
    wide = factories.api_token(app, user, *everything, name="old laptop")
    factories.api_token(app, user, grant=TokenGrant(frozenset(everything), networks=("10.0.0.0/8",)))
    factories.api_token(app, user, name="narrow")
    assert "allows everything" in person.open("/tokens").text
    found = person.ask("GET", "/tokens?state=allows_all", headers={"Accept": "application/json"}).json
    assert [token["id"] for token in found["tokens"]] == [str(wide.entry.id)]


def test_old_counts_are_deleted(app, user, clock):
    issued = factories.api_token(app, user, lifetime=300 * DAY)
    for _ in range(3):
        Script(app, issued.token).get("/protected")
        clock.shift(80 * DAY)
    with services_of(app).get(Database).write() as db:
        steps = [purge.purge_uses(db) for _ in range(3)]
        left = usage_tracker.by_day(db, [issued.entry.id], since=NOON.date())[issued.entry.id]
        kept = db.get_one(Credential, issued.entry.id).last_used_at
    assert (steps, list(left), kept is not None) == ([2, 2, 0], [(NOON + 160 * DAY).date()], True)
