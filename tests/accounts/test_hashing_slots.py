"""Password hashing never occupies every thread: a limited number run and wait; further logins get 503, uncounted."""

import threading
from collections.abc import Callable

import pytest
from flask import Flask

from tests import factories
from tests.browser import Person
from tests.script import Script
from webapp.accounts.passwords import Passwords, TooBusy
from webapp.core.ratelimit import Limiter
from webapp.web.registry import services_of

PASSWORD = factories.PASSWORD


def test_a_request_with_a_hashing_place_needs_no_second() -> None:
    passwords = Passwords(1, 15, hasher=factories.QUICK, waiting=0)
    with passwords.place():
        assert passwords.verify(PASSWORD, factories.HASHED)


def test_a_request_without_a_free_place_is_refused_at_once() -> None:
    passwords, answer = Passwords(1, 15, hasher=factories.QUICK, waiting=0), list[str]()

    def another() -> None:
        try:
            passwords.verify(PASSWORD, factories.HASHED)
        except TooBusy:
            answer.append("sent away")

    with passwords.place():
        thread = threading.Thread(target=another)
        thread.start()
        thread.join()
    assert answer == ["sent away"]


@pytest.fixture
def without_free_places(make_app: Callable[..., Flask]) -> Flask:
    """A site whose places are all taken."""
    app = make_app(WEBAPP_HASHES_AT_ONCE="1", WEBAPP_THREADS="1")
    held = threading.Event()

    def hold() -> None:
        with services_of(app).get(Passwords).place():
            held.set()
            threading.Event().wait(5)

    threading.Thread(target=hold, daemon=True).start()
    assert held.wait(5)
    return app


def test_a_login_without_a_free_place_gets_retry_after_and_is_not_counted(without_free_places: Flask) -> None:
    factories.user(without_free_places, "ada")
    answer = Script(without_free_places).post("/api/auth", json={"username": "ada", "password": PASSWORD})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert services_of(without_free_places).get(Limiter).entries() == []


def test_a_browser_without_a_free_place_gets_a_page(without_free_places: Flask) -> None:
    assert Person(without_free_places).log_in("ada").status_code == 503
