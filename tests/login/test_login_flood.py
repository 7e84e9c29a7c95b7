"""A flood of logins from one network: others still get in, and what is over the limit costs no place and no write."""

import threading
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack, suppress
from itertools import islice

import pytest
from sqlalchemy import func, select

from tests import factories
from tests.browser import Person
from tests.login.wrong_passwords import WRONG, attempt, throttling
from tests.tables import events
from webapp.accounts.passwords import Passwords
from webapp.audit.models import AuditEvent
from webapp.core.fair_slots import NoSlotFree
from webapp.core.models import RateBucket
from webapp.web.registry import services_of

ATTACKER, SOMEBODY = "203.0.113.1", "198.51.100.7"
FLOOD = 80


class Stuck:
    """Compares right passwords at once, and wrong ones only when it is told to."""

    def __init__(self):
        self.go = threading.Event()

    def verify(self, hashed, password):
        if password == WRONG:
            assert self.go.wait(30)
        return factories.QUICK.verify(hashed, password)

    def check_needs_rehash(self, hashed):
        return False


def share_of(passwords):
    """What one network alone can hold."""
    return (passwords.at_once + passwords.waiting + 1) // 2


def test_a_flood_from_one_network_leaves_places_for_others(make_app):
    app = throttling(make_app, WEBAPP_HASHES_AT_ONCE="30", WEBAPP_LOGIN_TRIES_PER_ACCOUNT="1000")
    factories.user(app, "ada")
    passwords = services_of(app).get(Passwords)
    passwords.hasher = stuck = Stuck()
    with ThreadPoolExecutor(FLOOD) as at_once:
        flood = [at_once.submit(attempt, app, f"name{n}", WRONG, ATTACKER) for n in range(FLOOD)]
        sent_away = list(islice(as_completed(flood, timeout=60), FLOOD - share_of(passwords)))
        others = [attempt(app, "ada", factories.PASSWORD, f"198.51.100.{n}").status_code for n in range(10)]
        stuck.go.set()
    assert {gone.result().status_code for gone in sent_away} == {503}
    assert others == [200] * 10


@pytest.fixture
def one_network(make_app):
    """A site at which the attacker's network holds all the places that it can get."""
    app = throttling(make_app, WEBAPP_REGISTRATION="open", WEBAPP_SMTP_URL="smtp://127.0.0.1:9")
    places = services_of(app).get(Passwords)._places
    with ExitStack() as held:
        for _ in range(places.capacity):
            with suppress(NoSlotFree):
                held.enter_context(places.hold(ATTACKER))
        yield app


def log_in_by_page(app, ip_address):
    return Person(app, ip_address=ip_address).log_in("ada")


def log_in_by_api(app, ip_address):
    return attempt(app, "ada", factories.PASSWORD, ip_address)


def register(app, ip_address):
    somebody = Person(app, ip_address=ip_address)
    somebody.open("/register")
    return somebody.press("Register", username="grace", email="grace@example.org", password="a few words of her own")


@pytest.mark.parametrize("send", [log_in_by_page, log_in_by_api, register])
def test_every_form_that_hashes_takes_a_place_of_the_network(one_network, send):
    factories.user(one_network, "ada")
    assert send(one_network, ATTACKER).status_code == 503
    assert send(one_network, SOMEBODY).status_code in {200, 303}


def written(app):
    """Every counter and every audit event."""
    with factories.database_of(app).read() as db:
        counters = [(row.key, row.hits) for row in db.execute(select(RateBucket.key, RateBucket.hits))]
        return counters, db.scalar(select(func.count()).select_from(AuditEvent))


def test_a_network_over_its_limit_takes_no_place_and_writes_nothing(make_app):
    app = throttling(make_app, WEBAPP_LOGIN_TRIES_PER_NETWORK="2")
    assert [attempt(app, f"name{n}").status_code for n in range(3)] == [401, 401, 429]
    assert len(events(app, "login.throttled")) == 1
    before = written(app)
    places = services_of(app).get(Passwords)._places
    with ExitStack() as held:
        for _ in range(places.capacity):
            held.enter_context(places.hold(None))
        assert {attempt(app, f"other{n}").status_code for n in range(20)} == {429}
        assert Person(app, ip_address=ATTACKER).log_in("ada").status_code == 429
    assert written(app) == before
    assert attempt(app, ip_address=SOMEBODY).status_code == 401
