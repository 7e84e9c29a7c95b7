"""A token is changed under the script that uses it: narrower at once, wider after a fresh proof."""

import json
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from markupsafe import escape

from tests import factories
from tests.browser import Person
from tests.script import Script
from tests.tables import contents, events
from webapp.accounts import closing
from webapp.accounts.models import User
from webapp.guard import loader
from webapp.guard.authority import Authority
from webapp.guard.forbidding import BUILDERS, called
from webapp.guard.policy import decide
from webapp.guard.require import requirement_of
from webapp.kernel.clock import now
from webapp.web.problems import page_of

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
READS = frozenset({"profile:read", "protected:read"})


@pytest.fixture
def bounded(app, user):
    authority = Authority(READS, methods=frozenset({"GET"}), networks=("10.0.0.0/8",), per_minute=100)
    return factories.api_token(app, user, name="laptop", authority=authority)


def edit(person, issued, **fields):
    csrf = person.ask("GET", "/login", headers={"Accept": "application/json"}).json["csrf_token"]
    headers = {"Accept": "application/json", "X-CSRF-Token": csrf}
    return person.ask("POST", f"/tokens/{issued.entry.id}/edit", json=fields, headers=headers)


def limits(person, issued):
    return person.ask("GET", f"/tokens/{issued.entry.id}/edit", headers={"Accept": "application/json"}).json


@pytest.fixture
def tired(app, user):
    """Ada, whose last proof is a quarter of an hour old."""
    with time_machine.travel(NOON, tick=False) as clock:
        person = Person(app)
        person.log_in(user.username)
        clock.shift(timedelta(minutes=15))
        yield person


def test_the_page_shows_what_the_token_has_and_saving_it_changes_nothing(person, app, bounded):
    page = person.open(f"/tokens/{bounded.entry.id}/edit").text
    assert 'value="10.0.0.0/8"' in page
    assert "Can read Your profile and read Protected examples until" in page
    before = contents(app)
    person.press("Save the change")
    assert "laptop is as it was" in person.page.text
    assert contents(app) == before
    assert events(app, "token.edited") == []


def test_less_counts_for_the_very_next_request(person, app, bounded):
    script = Script(app, bounded.token)
    assert script.get("/dashboard").status_code == 200
    assert edit(person, bounded, scopes=["protected:read"]).json["scopes"] == ["protected:read"]
    assert script.get("/dashboard").json["code"] == "scope_required"
    assert script.get("/protected").status_code == 200


def test_what_a_script_leaves_out_stays_as_it_is(person, bounded):
    before = limits(person, bounded)
    after = edit(person, bounded, note="on the shelf").json
    assert after == before | {"note": "on the shelf"}


def test_null_takes_no_bound_away(person, bounded):
    before = limits(person, bounded)
    nothing = dict.fromkeys(("scopes", "resources", "methods", "networks", "per_minute"))
    assert edit(person, bounded, **nothing).json == before


def test_an_empty_list_takes_a_bound_away(person, bounded):
    assert edit(person, bounded, networks=[], methods=[], per_minute="").json["networks"] == []
    assert limits(person, bounded)["per_minute"] is None


NARROWER = [
    {"scopes": ["profile:read"]},
    {"networks": ["10.1.0.0/16"]},
    {"per_minute": 5},
    {"name": "other"},
    {"note": "x"},
]
WIDER = [
    {"scopes": ["profile:read", "protected:read", "tokens:read"]}, {"networks": []}, {"networks": ["10.0.0.0/7"]},
    {"methods": []}, {"methods": ["GET", "POST"]}, {"per_minute": 101}, {"per_minute": ""},
]  # fmt: skip


@pytest.mark.parametrize("fields", NARROWER, ids=str)
def test_less_takes_no_fresh_proof(tired, bounded, fields):
    assert edit(tired, bounded, **fields).status_code == 200


@pytest.mark.parametrize("fields", WIDER, ids=str)
def test_more_takes_a_fresh_proof(tired, app, bounded, fields):
    before = contents(app)
    answer = edit(tired, bounded, **fields)
    assert (answer.status_code, answer.json["code"]) == (401, "step_up_required")
    assert contents(app) == before


@pytest.mark.parametrize("fields", WIDER, ids=str)
def test_with_a_fresh_proof_there_may_be_more(person, bounded, fields):
    assert edit(person, bounded, **fields).status_code == 200


def test_on_the_page_the_form_is_kept_until_the_proof_is_there(tired, app, bounded):
    tired.open(f"/tokens/{bounded.entry.id}/edit")
    page = tired.press("Save the change", networks="")
    assert page.status_code == 401
    tired.press("Confirm", password=factories.PASSWORD)
    tired.press("Send it now")
    assert "may do more" in tired.page.text
    assert Script(app, bounded.token, address="192.0.2.1").get("/protected").status_code == 200


def test_never_more_than_its_owner_may(person, app, bounded):
    before = contents(app)
    for fields in ({"scopes": ["admin:read"]}, {"resources": ["/admin/users"]}, {"scopes": ["nonsense"]}):
        assert edit(person, bounded, **fields).status_code == 422
    assert contents(app) == before


def test_what_its_owner_lost_is_not_kept_by_a_change(app):
    owner = factories.user(app, "root", role="admin")
    issued = factories.api_token(app, owner, "admin:read", "profile:read")
    with app.extensions["database"].write() as db:
        closing.change_role(db, db.get_one(User, owner.id), "user")
    root = Person(app)
    root.log_in("root")
    assert edit(root, issued, note="mine").status_code == 422
    root.open(f"/tokens/{issued.entry.id}/edit")
    root.press("Save the change")
    assert limits(root, issued)["scopes"] == ["profile:read"]


def test_an_end_can_come_sooner(app, user):
    with time_machine.travel(NOON, tick=False) as clock:
        person = Person(app)
        person.log_in(user.username)
        issued = factories.api_token(app, user, lifetime=timedelta(days=30))
        assert edit(person, issued, expires_on="2026-11-22").json["expires_at"] == "2026-11-23T00:00:00Z"
        clock.move_to(NOON + timedelta(hours=12, seconds=1))
        assert Script(app, issued.token).get("/protected").json["code"] == "token_expired"


@pytest.mark.parametrize("day", ["2026-12-23", "2199-01-01", "9999-12-31"])
def test_an_end_cannot_move_away(app, user, day):
    with time_machine.travel(NOON, tick=False):
        person = Person(app)
        person.log_in(user.username)
        answer = edit(person, factories.api_token(app, user, lifetime=timedelta(days=30)), expires_on=day)
    assert answer.status_code == 422
    assert "Rotate it instead" in answer.json["errors"]["expires_on"][0]


@pytest.mark.parametrize("day", ["2020-01-01", "0001-01-01", "2026-11-21", "soon", "2026-02-30"])
def test_a_day_that_is_over_or_is_none_is_refused(app, user, day):
    with time_machine.travel(NOON, tick=False):
        person = Person(app)
        person.log_in(user.username)
        assert edit(person, factories.api_token(app, user), expires_on=day).status_code == 422


def test_a_change_is_written_down_with_what_was_and_what_is(person, app, bounded):
    edit(person, bounded, networks=["10.0.0.0/7"], name="desktop")
    (event,) = events(app, "token.edited")
    told = json.loads(str(event["details"]))
    assert (told["before"]["networks"], told["after"]["networks"]) == (["10.0.0.0/8"], ["10.0.0.0/7"])
    assert (told["before"]["name"], told["after"]["name"], told["widened"]) == ("laptop", "desktop", True)
    assert "widened" in person.open("/account/activity").text


def test_others_may_be_told_of_changes(person, app, bounded):
    told = []
    app.extensions["told_of_edits"].append(lambda _db, row, edited: told.append((row.entry.name, edited.is_wider)))
    edit(person, bounded, per_minute=7)
    edit(person, bounded, per_minute=7)
    edit(person, bounded, per_minute=8)
    assert told == [("laptop", False), ("laptop", True)]


def test_its_binding_to_a_key_outlives_every_change(person, app, user):
    issued = factories.api_token(app, user, authority=Authority(READS, jkt="k" * 43))
    edit(person, issued, scopes=["profile:read"])
    assert f'"jkt":"{"k" * 43}"' in str(contents(app))


def test_a_taken_name_is_refused(person, app, user, bounded):
    factories.api_token(app, user, name="desktop")
    before = contents(app)
    answer = edit(person, bounded, name="DeskTop")
    assert answer.status_code == 422
    assert "already have a token" in answer.json["errors"]["name"][0]
    assert contents(app) == before


def test_what_has_ended_cannot_be_changed(person, bounded):
    person.open(f"/tokens/{bounded.entry.id}/revoke")
    person.press("Revoke")
    assert person.open(f"/tokens/{bounded.entry.id}/edit").status_code == 409
    assert edit(person, bounded, note="x").status_code == 409


def test_the_token_of_another_is_not_there(person, app):
    foreign = factories.api_token(app, factories.user(app, "grace"))
    assert person.open(f"/tokens/{foreign.entry.id}/edit").status_code == 404
    assert edit(person, foreign, note="x").status_code == 404


def test_no_token_changes_a_token(app, user, bounded):
    script = Script(app, factories.api_token(app, user, *app.extensions["catalogue"].held_by(("user",))).token)
    assert script.post(f"/tokens/{bounded.entry.id}/edit", json={"note": "x"}).status_code == 403


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"networks": ["nonsense"]}, 422), ({"methods": ["BREW"]}, 422), ({"per_minute": 0}, 422),
        ({"scopes": []}, 422),
        ({"name": "x" * 51}, 422), ({"note": "x" * 201}, 422), ({"networks": "10.0.0.0/8"}, 400),
        ({"per_minute": [1]}, 400), ({"name": ["x"]}, 400), ({"scopes": {"a": 1}}, 400),
    ],
    ids=str,
)  # fmt: skip
def test_what_does_not_fit_changes_nothing(person, app, bounded, fields, status):
    before = contents(app)
    assert edit(person, bounded, **fields).status_code == status
    assert contents(app) == before


# A refusal leads here.


def test_a_refusal_by_a_bound_leads_to_the_page_that_widens_it(person, app, bounded):
    refused = Script(app, bounded.token, address="192.0.2.1").get("/protected")
    assert (refused.json["code"], refused.json["required"]) == ("token_limited", ["network"])
    assert refused.json["fix"] == f"http://127.0.0.1:8000/tokens/{bounded.entry.id}/edit"
    person.open(refused.json["fix"].removeprefix("http://127.0.0.1:8000"))
    person.press("Save the change", networks="10.0.0.0/8 192.0.2.1")
    assert Script(app, bounded.token, address="192.0.2.1").get("/protected").status_code == 200


def test_a_missing_scope_leads_to_a_form_like_this_token_and_more(person, app, user):
    authority = Authority(frozenset({"profile:read"}), networks=("10.0.0.0/8",), per_minute=9)
    issued = factories.api_token(app, user, name="wall", authority=authority, lifetime=timedelta(days=90))
    refused = Script(app, issued.token).get("/protected").json
    assert (refused["code"], refused["required"]) == ("scope_required", ["protected:read"])
    page = person.open(refused["fix"].removeprefix("http://127.0.0.1:8000")).text
    assert 'value="wall 2"' in page
    made = person.press("Create token")
    assert made.status_code == 201
    assert "from 10.0.0.0/8" in made.text
    assert "9 times a minute" in made.text
    days = json.loads(str(events(app, "token.minted")[-1]["details"]))
    assert set(days["scopes"]) == {"profile:read", "protected:read"}


def test_the_name_that_it_suggests_is_free(person, app, user):
    issued = factories.api_token(app, user, name="wall")
    factories.api_token(app, user, name="Wall 2")
    assert 'value="wall 3"' in person.open(f"/tokens/new?from={issued.entry.id}").text
    assert 'value="wall 3"' in person.open("/tokens/new?name=wall").text
    assert 'value="fence"' in person.open("/tokens/new?name=fence").text


def test_a_form_like_the_token_of_another_takes_over_nothing(person, app):
    foreign = factories.api_token(app, factories.user(app, "grace"), name="graces secret")
    assert "graces secret" not in person.open(f"/tokens/new?from={foreign.entry.id}").text


@pytest.mark.parametrize(
    ("scopes", "address", "words"),
    [(("profile:read",), "10.0.0.7", "Make a token that may"), (("protected:read",), "192.0.2.1", "Change its limits")],
)
def test_a_page_that_refuses_a_token_has_the_way_out_as_a_button(app, user, scopes, address, words):
    issued = factories.api_token(app, user, authority=Authority(frozenset(scopes), networks=("10.0.0.0/8",)))
    environ = {"REMOTE_ADDR": address}
    headers = {"Authorization": f"Bearer {issued.token}"}
    with app.test_request_context("/protected", headers=headers, environ_base=environ):
        caller = loader.caller()
        need = requirement_of(app, "examples.protected")
        decision = decide(caller, need, now(), called())
        refused = BUILDERS[decision.value](caller, need, [])
        page = page_of(refused).get_data(as_text=True)
    assert f">{words}</a>" in page
    assert escape(refused.extra["fix"].removeprefix("http://127.0.0.1:8000")) in page
