"""A provider that moves its keys, is slow or down: logins go on as long as they can, and everything else always."""

from threading import Event, Thread
from time import sleep
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from tests import factories
from tests.browser import Person
from tests.federation.upstream import come_back, leave, linked, log_in
from tests.federation.wrong_responses import DISCOVERY, down, metadata, response
from webapp import verify
from webapp.core.outgoing_http import OutgoingResponse
from webapp.federation import provider_metadata


@pytest.fixture
def elapsed(monkeypatch):
    """Seconds since the start of the test, for what is kept of providers."""
    passed = SimpleNamespace(seconds=1000.0)
    for module in (verify, provider_metadata):
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: passed.seconds))
    return passed


@pytest.fixture
def ada(app, upstream):
    linked(app, factories.user(app, "ada"))


def fetches(upstream, path):
    return sum(found == path for _method, found, _form in upstream.requests)


def logs_in(upstream, person):
    return log_in(person, upstream).status_code == 303


def test_a_new_key_is_fetched_at_most_every_ten_seconds(app, ada, upstream, elapsed):
    assert logs_in(upstream, Person(app))
    upstream.key, upstream.kid = ec.generate_private_key(ec.SECP256R1()), "k2"
    assert not logs_in(upstream, Person(app))
    elapsed.seconds += 10
    assert logs_in(upstream, Person(app))
    assert fetches(upstream, "/keys") == 2
    for number in range(5):
        upstream.header["kid"] = f"unknown {number}"
        assert not logs_in(upstream, Person(app))
    assert fetches(upstream, "/keys") == 2


def test_a_removed_key_is_refused_after_a_minute(app, ada, upstream, elapsed):
    assert logs_in(upstream, Person(app))
    upstream.jwks = {"keys": []}
    elapsed.seconds += 61
    assert not logs_in(upstream, Person(app))


def test_keys_that_cannot_be_fetched_stay_in_use_for_an_hour(app, ada, upstream, elapsed):
    assert logs_in(upstream, Person(app))
    down("/keys")(upstream)
    elapsed.seconds += 3000
    assert logs_in(upstream, Person(app))
    elapsed.seconds += 700
    assert not logs_in(upstream, Person(app))


@pytest.mark.parametrize(
    "change", [down(DISCOVERY), response(DISCOVERY, 500), metadata(issuer="https://other.example.org")]
)
def test_metadata_that_cannot_be_fetched_stay_in_use_for_a_day(app, ada, upstream, elapsed, change):
    assert logs_in(upstream, Person(app))
    change(upstream)
    elapsed.seconds += 3601
    assert logs_in(upstream, Person(app))
    elapsed.seconds += 9
    assert logs_in(upstream, Person(app))
    assert fetches(upstream, DISCOVERY) == 2
    elapsed.seconds += 86_400
    assert Person(app).ask("GET", "/login/with/acme").status_code == 502


def test_metadata_that_were_never_fetched_are_fetched_at_most_every_ten_seconds(app, ada, upstream, elapsed):
    down(DISCOVERY)(upstream)
    for _try in range(5):
        assert Person(app).ask("GET", "/login/with/acme").status_code == 502
    assert fetches(upstream, DISCOVERY) == 1
    upstream.answers.clear()
    elapsed.seconds += 10
    assert logs_in(upstream, Person(app))


def test_changed_metadata_are_used_after_an_hour(app, ada, upstream, elapsed):
    assert logs_in(upstream, Person(app))
    upstream.metadata["authorization_endpoint"] = "https://id.example.org/new?tenant=1"
    elapsed.seconds += 3601
    assert leave(Person(app)).startswith("https://id.example.org/new?tenant=1&response_type=code")


@pytest.mark.parametrize("path", [DISCOVERY, "/token", "/keys", "/userinfo"])
def test_a_provider_that_does_not_respond_keeps_two_threads_and_no_more(app, ada, upstream, path):
    begun, released = [Event() for _person in range(2)], Event()
    waiting = iter(begun)

    def slow() -> OutgoingResponse:
        next(waiting).set()
        released.wait(30)
        return OutgoingResponse(500, b"")

    people = [Person(app) for _person in range(2)]
    given = [upstream.authorized(leave(person)) if path != DISCOVERY else None for person in people]
    upstream.answers[path] = slow
    threads = [Thread(target=go_on, args=pair) for pair in zip(people, given, strict=True)]
    for thread in threads:
        thread.start()
    assert begun[0].wait(30)
    # The second one waits for the response that the first one gets, where that is of use to both.
    if path in ("/token", "/userinfo"):
        assert begun[1].wait(30)
    while Person(app).ask("GET", "/login/with/acme").status_code == 303:
        sleep(0.02)
    assert Person(app).open("/login").status_code == 200
    released.set()
    for thread in threads:
        thread.join()
    assert {person.page.status_code for person in people} == {502}


def go_on(person, given):
    """Come back from the provider, or leave for it."""
    return come_back(person, given) if given else person.ask("GET", "/login/with/acme")
