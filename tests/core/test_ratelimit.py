"""Limits count right: across processes, across rollbacks, and to the end of their window."""

import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import select, text

from tests.valkey import NOBODY, valkey_server
from webapp.core import clock
from webapp.core.db import Base, Database, Unavailable
from webapp.core.models import RateBucket
from webapp.core.ratelimit import Limit, Limiter, limiter_for
from webapp.core.ratelimit_storage import SPENT, SqlStorage
from webapp.core.valkey_storage import ValkeyStorage
from webapp.settings import Settings

ROOT = Path(__file__).parents[2]
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
THREE = Limit("login", 3, timedelta(minutes=15))
SOME = Limit("refusals", 3, timedelta(minutes=15), is_volatile=True)

TAKE_TWENTY = """
import sys
from datetime import timedelta
from webapp.core.db import Database
from webapp.core.ratelimit import Limit, Limiter
from webapp.core.ratelimit_storage import SqlStorage
database = Database(sys.argv[1])
limiter = Limiter(SqlStorage(database))
print(sum(limiter.take(Limit("x", 10, timedelta(hours=1)), "one").allowed for _ in range(20)))
database.close()
"""


@pytest.fixture
def database(tmp_path):
    database = Database(f"sqlite:///{tmp_path}/test.db")
    Base.metadata.create_all(database.engine, tables=[RateBucket.__table__])
    yield database
    database.close()


@pytest.fixture(scope="module")
def valkey(tmp_path_factory):
    with valkey_server(tmp_path_factory.mktemp("valkey")) as server, closing(ValkeyStorage(server.url)) as storage:
        yield storage


@pytest.fixture(params=["database", "valkey"])
def limiter(request, database):
    """Counts ``SOME`` in the database, or in Valkey."""
    if request.param == "database":
        yield Limiter(SqlStorage(database))
    else:
        storage = request.getfixturevalue("valkey")
        yield Limiter(SqlStorage(database), storage)
        with database.read() as session:
            assert session.scalars(select(RateBucket.key)).all() == []
        storage.forget("")


@pytest.fixture
def counted(database):
    return Limiter(SqlStorage(database))


def test_exactly_the_limit_is_allowed(limiter):
    assert [limiter.take(SOME, "ada").allowed for _ in range(5)] == [True, True, True, False, False]


def test_the_remaining_number_is_returned(limiter):
    assert [limiter.take(SOME, "ada").remaining for _ in range(4)] == [2, 1, 0, 0]


def test_a_refusal_states_when_to_retry(limiter):
    assert limiter.take(SOME, "ada").retry_after == timedelta(0)
    limiter.take(SOME, "ada")
    limiter.take(SOME, "ada")
    assert timedelta(minutes=14) < limiter.take(SOME, "ada").retry_after <= timedelta(minutes=15)


def test_limits_are_counted_in_order_up_to_the_first_that_is_exceeded(counted):
    two = Limit("address", 2, timedelta(hours=1))
    assert [counted.take_in_turn((two, "here"), (THREE, "ada")) for _ in range(2)] == [None, None]
    refused = counted.take_in_turn((two, "here"), (THREE, "ada"))
    assert (refused.limit, refused.key) == (two, "here")
    assert timedelta(minutes=59) < refused.retry_after <= timedelta(hours=1)
    assert counted.take(THREE, "ada").remaining == 0
    refused = counted.take_in_turn((two, "there"), (THREE, "ada"))
    assert (refused.limit, refused.key) == (THREE, "ada")
    assert counted.take(two, "there").remaining == 0


def test_a_window_whose_hits_were_all_given_back_begins_anew_and_is_not_listed(counted):
    counted.take(THREE, "ada")
    counted.forgive([], [(THREE, "ada")], since=clock.now())
    assert counted.entries() == []
    time.sleep(0.2)
    begun = clock.now()
    counted.take(THREE, "ada")
    [(_, hits, end)] = counted.entries()
    assert hits == 1
    assert end > begun + THREE.per - timedelta(seconds=0.1)


def test_reading_a_count_does_not_change_it(limiter):
    for _ in range(5):
        assert limiter.peek(SOME, "ada").allowed
    assert limiter.take(SOME, "ada").remaining == 2


def test_used_one_time_values_are_neither_listed_nor_reset(counted):
    spent = Limit(f"{SPENT}proof", 1, timedelta(minutes=2))
    assert counted.take(spent, "once").allowed
    counted.take(THREE, "ada")
    assert [key.split("/")[0] for key, _, _ in counted.entries()] == ["login"]
    assert (counted.reset(SPENT), counted.reset()) == (0, 1)
    assert not counted.take(spent, "once").allowed


def test_each_key_and_each_limit_is_counted_separately(limiter):
    for _ in range(3):
        limiter.take(SOME, "ada", "10.0.0.1")
    assert limiter.take(SOME, "ada", "10.0.0.2").allowed
    assert limiter.take(Limit("register", 3, timedelta(minutes=15), is_volatile=True), "ada", "10.0.0.1").allowed


def test_keys_that_differ_by_a_slash_are_counted_separately(limiter):
    for _ in range(3):
        limiter.take(SOME, "a/b", "c")
    assert limiter.take(SOME, "a", "b/c").allowed


def test_a_key_of_any_length_and_characters_is_counted(limiter):
    for key in ("x" * 100_000, "käse ☃", "\ud800", "", "'; DROP TABLE rate_bucket; --"):
        assert [limiter.take(SOME, key).allowed for _ in range(4)] == [True, True, True, False]
    assert all(len(key) < 500 for key, _, _ in limiter.entries())


def test_an_operator_can_list_the_counts(limiter):
    limiter.take(SOME, "ada@example.org")
    limiter.take(SOME, "ada@example.org")
    [(key, hits, expires_at)] = limiter.entries()
    assert "refusals/ada@example.org" in key
    assert hits == 2
    assert timedelta(minutes=14) < expires_at - datetime.now(UTC) <= timedelta(minutes=15)


def test_an_operator_can_reset_some_or_all_counts(limiter):
    for key in ("ada", "adam", "Ada", "bob"):
        limiter.take(SOME, key)
    [prefix] = [key.split("ada/")[0] + "ada/" for key, _, _ in limiter.entries() if "/ada/" in key]
    assert limiter.reset(prefix) == 1
    assert limiter.reset() == 3
    assert limiter.entries() == []


def test_clearing_one_key_leaves_the_others(limiter):
    for key in ("ada", "bob"):
        limiter.take(SOME, key)
    limiter.clear(SOME, "ada")
    assert limiter.peek(SOME, "ada").remaining == 3
    assert limiter.peek(SOME, "bob").remaining == 2


def test_a_window_ends_at_the_stated_time_and_starts_again(counted):
    with time_machine.travel(NOON, tick=False) as clock:
        for _ in range(4):
            refused = counted.take(THREE, "ada")
        clock.shift(refused.retry_after - timedelta(seconds=1))
        assert not counted.take(THREE, "ada").allowed
        clock.shift(1)
        assert counted.take(THREE, "ada").remaining == 2


def test_four_processes_together_are_allowed_exactly_the_limit(database):
    command = [sys.executable, "-W", "error", "-c", TAKE_TWENTY, database.url]
    takers = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) for _ in range(4)]
    assert sum(int(taker.communicate()[0]) for taker in takers) == 10


def refused_request(database, limiter):
    with database.write() as session:
        limiter.take(THREE, "ada")
        session.execute(text("DELETE FROM rate_bucket"))
        raise ZeroDivisionError


def test_a_count_survives_the_rollback_of_a_request(database, counted):
    with pytest.raises(ZeroDivisionError):
        refused_request(database, counted)
    assert counted.peek(THREE, "ada").remaining == 2


def test_an_expired_window_has_no_count(counted):
    with time_machine.travel(NOON, tick=False) as clock:
        counted.take(THREE, "ada")
        clock.shift(timedelta(hours=1))
        assert counted.entries() == []
        assert counted.take(THREE, "ada").remaining == 2


def test_a_request_that_cannot_be_counted_is_refused(tmp_path):
    limiter = Limiter(SqlStorage(Database(f"sqlite:///{tmp_path}/no/such.db")), ValkeyStorage(NOBODY))
    for limit in (THREE, SOME):
        with pytest.raises(Unavailable):
            limiter.take(limit, "ada")


def test_the_settings_select_the_storage_of_counts(database, tmp_path):
    settings = Settings(instance=tmp_path, secret_key="Zq3v8LxM2rT7nW0bYc5dKf9hJs1pGuQe")
    assert limiter_for(settings, database).take(THREE, "ada").allowed
    with database.read() as session:
        assert session.scalars(select(RateBucket.hits)).all() == [1]


def test_a_hit_can_be_given_back_only_within_its_window(counted):
    brief = Limit("given-back", 3, timedelta(seconds=1))
    long = Limit("given-back-long", 3, timedelta(minutes=5))
    for limit in (brief, long):
        counted.take(limit, "x")
        counted.take(limit, "x")
    since = datetime.now(UTC)
    counted.forgive([], [(brief, "x"), (long, "x")], since=since)
    assert [counted.peek(limit, "x").remaining for limit in (brief, long)] == [2, 2]
    time.sleep(1.1)
    counted.forgive([], [(brief, "x"), (long, "y")], since=since)
    assert [counted.peek(brief, "x").remaining, counted.peek(long, "y").remaining] == [3, 3], "nothing is below zero"
    counted.take(brief, "x")
    counted.forgive([], [(brief, "x"), (long, "x")], since=since)
    assert [counted.peek(limit, "x").remaining for limit in (brief, long)] == [2, 3]
    counted.forgive([], [(long, "x")], since=since)
    assert counted.peek(long, "x").remaining == 3
