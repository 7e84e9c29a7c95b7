"""Signals: one for each event of its table, sent after the commit and not without, with ids alone."""

import re
from pathlib import Path
from uuid import uuid4

import flask_login
import pytest

from tests import factories
from webapp.accounts import lifecycle, user_queries
from webapp.audit import signals
from webapp.audit.log import Event, record
from webapp.audit.signals import SIGNALS
from webapp.core.db import Database
from webapp.testing import JSON, PASSWORD, api_token, as_nobody, as_user
from webapp.web.registry import services_of

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "events.md").read_text()
USER, ACTOR, CREDENTIAL = uuid4(), uuid4(), uuid4()


@pytest.fixture
def sent():
    """What every signal has sent, with its name."""
    found = []
    receivers = []
    for signal in set(SIGNALS.values()):

        def receive(sender, signal=signal, **arguments):
            found.append((signal.name, sender, arguments))

        receivers.append((signal, receive))
        signal.connect(receive)
    yield found
    for signal, receive in receivers:
        signal.disconnect(receive)


def names(sent):
    return [name for name, _sender, _arguments in sent]


def written(app):
    return services_of(app).get(Database).write()


@pytest.mark.parametrize("event", [event for event in SIGNALS if event != Event.USER_FORGOTTEN])
def test_each_event_is_sent_with_its_ids_after_the_commit(app, sent, event):
    with written(app) as db:
        record(db, Event(event), user_id=USER, actor_id=ACTOR, credential_id=CREDENTIAL, secret="hidden")
        assert sent == []
    ids = {"user_id": USER, "actor_id": ACTOR, "credential_id": CREDENTIAL}
    assert sent == [(SIGNALS[event].name, None, {"event": str(event)} | ids)]


def test_an_account_that_is_deleted_after_it_was_closed_is_named(app, sent):
    with written(app) as db:
        record(db, Event.USER_FORGOTTEN, former_id=str(USER))
    assert [(name, arguments["user_id"]) for name, _sender, arguments in sent] == [("user-deleted", USER)]


def test_nothing_is_sent_of_what_was_rolled_back(app, sent):
    with written(app) as db:
        record(db, Event.USER_DISABLED, user_id=USER)
        db.rollback()
    with written(app) as db:
        record(db, Event.USER_ENABLED, user_id=USER)
    assert names(sent) == ["user-enabled"]


def test_a_savepoint_sends_nothing_by_itself(app, sent):
    with written(app) as db:
        with db.begin_nested():
            record(db, Event.USER_DISABLED, user_id=USER)
        assert sent == []
    assert names(sent) == ["user-disabled"]


def test_a_receiver_that_fails_is_logged_and_stops_nobody(app, sent, logged):
    def fail(_sender, **_arguments):
        raise RuntimeError("broken receiver")

    with signals.user_disabled.connected_to(fail), written(app) as db:
        record(db, Event.USER_DISABLED, user_id=USER)
    assert names(sent) == ["user-disabled"]
    assert "error in a signal receiver" in logged()


def test_the_page_lists_every_signal_and_its_event():
    rows = re.findall(r"^\| (`.*?) \| (.*) \|$", PAGE, re.M)
    listed = {name for signal, _event in rows for name in re.findall(r"`(\w+)`", signal)}
    assert listed == {signal.name.replace("-", "_") for signal in SIGNALS.values()}
    events = {name for _signal, event in rows for name in re.findall(r"`([\w-]+\.[\w-]+)`", event)}
    assert events == {str(event) for event in SIGNALS}


def test_a_login_and_a_logout_send_ours_and_those_of_flask_login(app, user, sent):
    own = []

    def receive(_sender, **arguments):
        own.append(str(arguments["user"].user_id))

    with (
        flask_login.user_logged_in.connected_to(receive, sender=app),
        flask_login.user_logged_out.connected_to(receive, sender=app),
    ):
        browser = as_nobody(app)
        token = browser.get("/login", headers=JSON).json["csrf_token"]
        told = {"username": user.username, "password": PASSWORD, "csrf_token": token}
        assert browser.post("/login", data=told).status_code == 303
        assert own == [str(user.id)]
        token = browser.get("/account", headers={}).text.partition('name="csrf_token" value="')[2].partition('"')[0]
        assert browser.post("/logout", data={"csrf_token": token}).status_code == 303
    assert own == [str(user.id)] * 2
    assert names(sent) == ["session-started", "session-ended"]
    assert {(sender, arguments["user_id"]) for _name, sender, arguments in sent} == {(app, user.id)}


def test_an_admin_who_disables_a_user_is_the_actor(app, user, sent):
    chief = as_user(app, "chief", role="super_admin")
    sent.clear()
    told = {"reason": "left"}
    assert chief.post(f"/admin/users/{user.id}/disable", json=told, headers=JSON).status_code == 200
    (found,) = [arguments for name, _sender, arguments in sent if name == "user-disabled"]
    assert found["user_id"] == user.id
    assert found["actor_id"] not in (None, user.id)


def test_a_new_user_a_token_and_a_new_password_are_announced(app, sent):
    user = factories.user(app, "bo")
    api_token(app, user)
    with written(app) as db:
        lifecycle.set_password(db, user_queries.by_id(db, user.id), "hash")
    assert names(sent) == ["user-registered", "token-created", "password-changed"]
