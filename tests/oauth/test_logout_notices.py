"""The outbox of logout tokens: when they are sent again, when they are given up, and what an admin sees."""

import json
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
import time_machine

from tests import factories
from tests.browser import Person
from tests.oauth.app import registered
from tests.oauth.logout_receiver import URL, Receiver, log_in, read
from tests.tables import events
from webapp.core.clock import now
from webapp.core.outgoing_http import NotReached, OutgoingResponse
from webapp.oauth import client_settings, clients, logout_notices
from webapp.oauth.logout_worker import LogoutWorker
from webapp.sessions import lifecycle
from webapp.testing import as_user


@pytest.fixture
def wiki(app):
    return registered(app, is_first_party=True, backchannel_logout_uri=URL)


@pytest.fixture
def receiver(app):
    return Receiver(app)


def ended_login(app, wiki, person, user):
    log_in(wiki, person)
    with factories.database_of(app).write() as db:
        lifecycle.end_others(db, user.id)


def test_it_is_sent_again_with_growing_waits_until_it_is_given_up(app, person, user, wiki, receiver):
    ended_login(app, wiki, person, user)
    receiver.answers = [400, 302, 500, 404, NotReached("wiki.example.org: the name was not found")] * 10
    jtis, moment, tries = set(), now(), 0
    with time_machine.travel(moment, tick=False) as clock:
        while (waits := app_state(app))["waiting"] or not tries:
            jtis |= {read(token)["jti"] for token in receiver.received()}
            tries += 1
            assert waits["failed"] == 0
            assert receiver.received() == [], "not before the wait is over"
            clock.shift(logout_notices.wait_after(tries))
    assert tries == len(jtis) == logout_notices.MAX_TRIES
    (given_up,) = events(app, "logout.given-up")
    assert json.loads(given_up["details"])["name"] == "Wiki"
    assert "1 logout notice to an app could not be sent." in as_user(app, "root", role="super_admin").get("/admin").text


def app_state(app):
    with factories.database_of(app).read() as db:
        return logout_notices.states(db)


@pytest.mark.parametrize("answer", [200, 204])
def test_an_accepted_notice_is_done(app, person, user, wiki, receiver, answer):
    ended_login(app, wiki, person, user)
    receiver.answers = [500, answer]
    receiver.received()
    with time_machine.travel(now() + timedelta(seconds=11), tick=False):
        receiver.received()
    assert app_state(app) == {"waiting": 0, "sent": 1, "failed": 0}


def test_an_app_that_does_not_answer_delays_only_its_own_notices(app, person, user, wiki, receiver):
    other = registered(app, "Other", is_first_party=True, backchannel_logout_uri="https://other.example.org/out")
    for _ in range(3):
        one = Person(app)
        one.log_in(user.username)
        log_in(wiki, one)
        log_in(other, one)
    with factories.database_of(app).write() as db:
        lifecycle.end_others(db, user.id)
    receiver.send = lambda method, url, **given: refuse(receiver, url, "wiki")
    receiver.worker._http = receiver
    receiver.received()
    assert app_state(app) == {"waiting": 3, "sent": 3, "failed": 0}
    assert receiver.sent.count((URL, "")) == 1
    with time_machine.travel(now() + timedelta(days=1), tick=False), factories.database_of(app).write() as db:
        assert logout_notices.give_up_old(db) == 3
    assert [json.loads(event["details"])["count"] for event in events(app, "logout.given-up")] == [3]
    with time_machine.travel(now() + timedelta(days=32), tick=False), factories.database_of(app).write() as db:
        assert logout_notices.purge(db) == 6


def refuse(receiver, url, name):
    receiver.sent.append((url, ""))
    return OutgoingResponse(500 if name in url else 200, b"")


def test_two_workers_send_a_notice_once(app, person, user, wiki, receiver):
    ended_login(app, wiki, person, user)
    other = Receiver(app)
    receiver.worker.take = lambda: None
    receiver.worker.send_due()
    taken = LogoutWorker.take(receiver.worker)
    assert taken.url == URL
    assert other.received() == []
    with time_machine.travel(now() + logout_notices.LEASE, tick=False):
        assert len(other.received()) == 1


def test_an_admin_sees_the_notices_and_retries_one(app, person, user, wiki, receiver):
    ended_login(app, wiki, person, user)
    receiver.answers = [500]
    receiver.received()
    factories.user(app, "keeper", role="super_admin")
    keeper = Person(app)
    keeper.log_in("keeper")
    page = keeper.visit("GET", f"/admin/clients/logouts?client={wiki.client_id}")
    assert "the app answered 500" in page.text
    assert "1 waiting" in keeper.visit("GET", f"/admin/clients/{wiki.client_id}").text
    keeper.visit("GET", "/admin/clients/logouts?state=waiting")
    keeper.press("Retry")
    assert len(receiver.received()) == 1
    assert len(events(app, "logout.retried")) == 1
    answer = keeper.ask("GET", "/admin/clients/logouts?state=sent", headers={"Accept": "application/json"}).json
    assert (answer["sent"], answer["notices"][0]["app"]) == (1, "Wiki")
    with factories.database_of(app).write() as db:
        clients.remove(db, clients.by_id(db, UUID(wiki.client_id)), origin="test")
    assert app_state(app) == {"waiting": 0, "sent": 1, "failed": 0}
    assert "Wiki" in keeper.visit("GET", "/admin/clients/logouts").text


@pytest.mark.parametrize(
    "url",
    ["x", "ftp://a.example.org/", "https://", "https://u:p@a.example.org/", "https://a.example.org/#x", "x" * 600],
)
def test_other_urls_cannot_be_registered(app, url):
    with pytest.raises(client_settings.InvalidClientSettings):
        registered(app, backchannel_logout_uri=url)


def test_ended_sessions_are_found_at_once_and_the_rest_within_a_minute(app, person, user, wiki, receiver):
    moment = now()
    assert receiver.worker.search_from(moment) is None
    assert receiver.worker.search_from(moment + timedelta(seconds=3)) == moment - timedelta(seconds=117)
    assert receiver.worker.search_from(moment + timedelta(seconds=60)) is None
    recent = {"since": now() - timedelta(seconds=5)}
    ended_login(app, wiki, person, user)
    assert receiver.worker.send_due(**recent) == 1
    person.log_in(user.username)
    log_in(wiki, person)
    with factories.database_of(app).write() as db:
        clients.withdraw(db, user.id, UUID(wiki.client_id))
    assert receiver.worker.send_due(**recent) == 1
    log_in(wiki, person)
    assert receiver.worker.send_due(**recent) == 0


def test_an_app_whose_url_is_removed_gets_no_notice(app, person, user, wiki, receiver):
    ended_login(app, wiki, person, user)
    receiver.answers = [500]
    receiver.received()
    person.log_in(user.username)
    log_in(wiki, person)
    with factories.database_of(app).write() as db:
        client = clients.by_id(db, UUID(wiki.client_id))
        clients.edit(db, client, replace(client_settings.settings_of(client), backchannel_logout_uri=""))
        lifecycle.end_others(db, user.id)
    assert receiver.received() == []
    assert app_state(app) == {"waiting": 0, "sent": 0, "failed": 0}
