"""Events of plug-ins in the audit log, and requests to views with ``audit=True``."""

import json

import pytest
from flask import Blueprint

from tests.guard.example_routes import add, plain
from tests.tables import events
from webapp.audit.sentences.declared import DECLARED, MAX_NAME
from webapp.core.db import Database, Unavailable
from webapp.guard import declare_event, guard_blueprint, public, record_event, require
from webapp.guard.app_events import MAX_DETAILS, OF_STRANGERS
from webapp.testing import as_nobody, as_user, with_token
from webapp.web.problems import Problem

YOU = {"en": "You opened the report %(title)s.", "de": "Sie haben den Bericht %(title)s geöffnet."}
THEY = {"en": "%(user)s opened the report %(title)s.", "de": "%(user)s hat den Bericht %(title)s geöffnet."}
SCOPE = "protected:read"
METHODS = ["GET", "POST"]


@pytest.fixture(autouse=True)
def _declared():
    declare_event("report.opened", you=YOU, they=THEY)
    yield
    DECLARED.clear()


def opens(**details):
    def view() -> str:
        record_event("report.opened", **details)
        return "opened"

    return view


def recorded(app, event="report.opened"):
    return [found | {"details": json.loads(found["details"])} for found in events(app, event)]


def callers(app):
    return {"session": as_user(app), "token": with_token(app, scopes=[SCOPE])}


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
@pytest.mark.parametrize("credential", ["session", "token"])
def test_an_event_is_written_in_every_kind_of_request(app, method, credential):
    add(app, "/mine", require(scope=SCOPE)(opens(title="March")), methods=METHODS)
    assert callers(app)[credential].open("/mine", method=method).status_code == 200
    (found,) = recorded(app)
    assert found["details"] == {"title": "March"}
    assert found["actor_id"] is None
    assert None not in [found[name] for name in ("user_id", "credential_id", "request_id", "address")]


def test_a_refused_change_leaves_no_event(app):
    def view() -> str:
        record_event("report.opened", title="March")
        raise Problem(422, "No")

    add(app, "/mine", require(scope=SCOPE)(view), methods=METHODS)
    assert with_token(app, scopes=[SCOPE]).post("/mine").status_code == 422
    assert recorded(app) == []
    with_token(app, scopes=[SCOPE]).get("/mine")
    assert len(recorded(app)) == 1


def test_an_event_about_another_user_names_the_caller_as_actor(app, user):
    def view() -> str:
        record_event("report.opened", about=user.id, title="March")
        return "opened"

    add(app, "/mine", require()(view))
    as_user(app, "bo").get("/mine")
    (found,) = recorded(app)
    assert found["user_id"] == user.id.hex
    assert found["actor_id"] not in (None, user.id.hex)


def test_each_reader_has_a_sentence_in_their_language(app):
    add(app, "/mine", require()(opens(title="<b>March</b>")))
    bo = as_user(app, "bo")
    bo.get("/mine")
    assert "You opened the report &lt;b&gt;March&lt;/b&gt;." in bo.get("/account/activity").text
    german = {"Accept-Language": "de"}
    assert "Sie haben den Bericht &lt;b&gt;March" in bo.get("/account/activity", headers=german).text
    log = as_user(app, "ines", role="admin")
    page = log.get("/admin/audit?event=report.opened")
    assert "opened the report &lt;b&gt;March&lt;/b&gt;." in page.text
    assert '<option value="report.opened" selected>' in page.text
    assert "hat den Bericht" in log.get("/admin/audit?event=report.opened", headers=german).text
    assert [
        found["event"] for found in bo.post("/account/export", headers={"Accept": "application/json"}).json["events"]
    ].count("report.opened") == 1


def test_details_are_bounded(app):
    numbers = {f"n{number}": number for number in range(MAX_DETAILS)}
    add(app, "/mine", require()(opens(title="x" * 5000, big=10**30, part=0.5, **numbers)))
    as_user(app).get("/mine")
    (found,) = recorded(app)
    assert len(found["details"]) == MAX_DETAILS
    assert found["details"]["title"] == "x" * 199 + "…"
    assert (found["details"]["big"], found["details"]["part"]) == (str(10**30), "0.5")


def test_strangers_do_not_fill_the_log(app):
    add(app, "/mine", public(opens(title="March")))
    visitor = as_nobody(app)
    assert {visitor.get("/mine").status_code for _ in range(OF_STRANGERS.amount + 5)} == {200}
    found = recorded(app)
    assert (len(found), found[0]["user_id"]) == (OF_STRANGERS.amount, None)


@pytest.mark.parametrize(
    ("name", "you", "words"),
    [
        ("report", "x", "must be named like report.opened"),
        ("Report.opened", "x", "must be named like report.opened"),
        ("r." + "x" * MAX_NAME, "x", "in at most 50 characters"),
        ("token.revoked", "x", "one of this site's own"),
        ("house.opened", "x", "one of this site's own"),
        ("report.opened", "x", "declared with other sentences"),
        ("report.read", {"de": "x"}, "no English sentence"),
        ("report.read", "100% read", "a sentence with a %"),
        ("report.read", "Read with %(token)s.", "must name the detail token differently"),
        ("report.read", "%(user)s read it.", "must name the detail user differently"),
    ],
)
def test_a_wrong_declaration_is_one_sentence(name, you, words):
    with pytest.raises(ValueError, match="the event") as refused:
        declare_event(name, you=you, they="It was read.")
    assert words in str(refused.value)


def test_an_undeclared_event_is_named():
    with pytest.raises(
        LookupError, match=r"the event report\.read is not declared: call declare_event\('report\.read'"
    ):
        record_event("report.read")


@pytest.mark.parametrize("credential", ["session", "token"])
def test_every_request_to_an_audited_view_is_recorded(app, credential):
    add(app, "/mine/<int:number>", require(scope=SCOPE, audit=True)(lambda number: str(number)), methods=METHODS)
    caller = callers(app)[credential]
    for method in ("GET", "GET", "HEAD", "POST"):
        assert caller.open("/mine/7?secret=1", method=method).status_code == 200
    found = recorded(app, "page.opened")
    assert [entry["details"]["method"] for entry in found] == ["GET", "GET", "HEAD", "POST"]
    assert found[0]["details"] == {
        "method": "GET",
        "route": "/mine/<int:number>",
        "arguments": {"number": "7"},
        "credential": credential,
    }
    assert len({entry["request_id"] for entry in found}) == 4


def test_a_refused_request_and_a_preflight_are_not_opened(app):
    add(app, "/mine", require(role="admin", scope=SCOPE, audit=True)(plain("in")), methods=METHODS)
    as_nobody(app).get("/mine")
    as_user(app).get("/mine")
    as_user(app, "ines", role="admin").post("/mine", headers={"X-CSRF-Token": ""})
    as_user(app).open("/mine", method="OPTIONS")
    assert recorded(app, "page.opened") == []


def test_a_view_without_it_records_nothing(app):
    as_user(app).get("/protected")
    assert recorded(app, "page.opened") == []


def test_a_blueprint_is_audited_as_a_whole(app):
    mine = Blueprint("mine", __name__)
    mine.add_url_rule("/mine", "index", plain("in"))
    guard_blueprint(mine, require(audit=True))
    app.register_blueprint(mine)
    as_user(app).get("/mine")
    assert len(recorded(app, "page.opened")) == 1


def test_an_anonymous_request_to_an_optional_view_is_not_recorded(app):
    add(app, "/mine", require(optional=True, audit=True)(plain("in")))
    assert as_nobody(app).get("/mine").text == "in"
    as_user(app).get("/mine")
    assert len(recorded(app, "page.opened")) == 1


def test_what_cannot_be_recorded_is_not_opened(app, monkeypatch):
    called = []
    add(app, "/mine", require(scope=SCOPE, audit=True)(lambda: called.append(1) or "in"))
    caller = with_token(app, scopes=[SCOPE])

    def out_of_order(_database):
        raise Unavailable("locked")

    monkeypatch.setattr(Database, "write", out_of_order)
    assert (caller.get("/mine").status_code, called) == (503, [])


def test_admins_find_who_opened_what(app):
    add(app, "/mine/<int:number>", require(scope=SCOPE, audit=True)(lambda number: str(number)))
    for caller in callers(app).values():
        caller.get("/mine/7")
    log = as_user(app, "ines", role="admin")
    page = log.get("/admin/audit", query_string={"route": "/mine/<int:number>"}).text
    assert "opened GET /mine/7." in page
    assert "opened GET /mine/7 with a token." in page
    found = log.get("/admin/audit?route=/other", headers={"Accept": "application/json"}).json
    assert found["events"] == []
