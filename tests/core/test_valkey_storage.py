"""Valkey that does not answer: the database counts, nobody waits for it twice, and it counts again when it is back."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from datetime import timedelta

import pytest

from tests.valkey import valkey_server
from webapp.core import valkey_storage
from webapp.core.db import Base, Database
from webapp.core.models import RateBucket
from webapp.core.ratelimit import Limit, Limiter
from webapp.core.ratelimit_storage import SqlStorage
from webapp.core.valkey_storage import TIMEOUT, ValkeyStorage

SOME = Limit("refusals", 5, timedelta(minutes=15), is_volatile=True)
LOGIN = Limit("login", 5, timedelta(minutes=15))
IN_TIME = 5.0
"""Seconds: more than the 2 that a request may wait for Valkey, for a busy machine; less than waiting each time."""
GONE = ["stop", "freeze"]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with valkey_server(tmp_path_factory.mktemp("valkey")) as server:
        yield server


@pytest.fixture
def valkey(server):
    server.be_well()
    with closing(ValkeyStorage(server.url)) as storage:
        storage.forget("")
        yield storage


@pytest.fixture
def database(tmp_path):
    with closing(Database(f"sqlite:///{tmp_path}/test.db")) as database:
        Base.metadata.create_all(database.engine, tables=[RateBucket.__table__])
        yield database


@pytest.fixture
def limiter(database, valkey):
    return Limiter(SqlStorage(database), valkey)


def in_database(database):
    return {key.split("/")[0]: hits for key, hits, _ in SqlStorage(database).entries()}


def seconds_of(call):
    begun = time.monotonic()
    call()
    return time.monotonic() - begun


def wait_until(is_so):
    begun = time.monotonic()
    while not is_so():
        assert time.monotonic() - begun < 60
        time.sleep(0.02)


def test_only_volatile_limits_are_counted_in_it(limiter, database, valkey):
    limiter.take(SOME, "ada")
    limiter.take(LOGIN, "ada")
    assert [key.split("/")[0] for key, _, _ in valkey.entries()] == ["refusals"]
    assert in_database(database) == {"login": 1}
    assert sorted(key.split("/")[0] for key, _, _ in limiter.entries()) == ["login", "refusals"]


@pytest.mark.parametrize("how", GONE)
def test_while_it_is_gone_the_database_counts_exactly_and_only_the_first_waits(how, limiter, database, server):
    limiter.take(LOGIN, "ada")
    getattr(server, how)()
    assert seconds_of(lambda: limiter.take(SOME, "ada")) < IN_TIME
    assert seconds_of(lambda: [limiter.take(SOME, "ada") for _ in range(20)]) < IN_TIME
    assert in_database(database) == {"login": 1, "refusals": 21}
    assert limiter.peek(LOGIN, "ada").remaining == 4
    assert not limiter.peek(SOME, "ada").allowed


@pytest.mark.parametrize("how", GONE)
def test_all_who_ask_at_the_moment_of_the_loss_are_counted_in_time(how, limiter, server):
    getattr(server, how)()
    with ThreadPoolExecutor(16) as pool:
        begun = time.monotonic()
        taken = list(pool.map(lambda _: limiter.take(SOME, "ada").allowed, range(16)))
        assert time.monotonic() - begun < IN_TIME
    assert sum(taken) == SOME.amount


@pytest.mark.parametrize("how", GONE)
def test_it_counts_again_soon_after_it_is_back(how, limiter, database, valkey, server, monkeypatch, logged):
    monkeypatch.setattr(valkey_storage, "PAUSE", 0.05)
    getattr(server, how)()
    limiter.take(SOME, "ada")
    assert not valkey.answers()
    server.be_well()
    wait_until(valkey.answers)
    limiter.take(SOME, "bob")
    assert "bob" in " ".join(key for key, _, _ in valkey.entries())
    assert in_database(database) == {"refusals": 1}
    lines = logged().splitlines()
    assert [sum(words in line for line in lines) for words in ("valkey unavailable", "available again")] == [1, 1]
    assert "reason=" in lines[0]


def test_one_thread_at_a_time_tries_it_again_and_not_at_once(limiter, server, monkeypatch):
    server.stop()
    monkeypatch.setattr(valkey_storage, "PAUSE", 0.2)
    limiter.take(SOME, "ada")
    monkeypatch.setattr(valkey_storage, "PAUSE", 3600)
    with socket.create_server(("127.0.0.1", server.port)) as silent:
        silent.setblocking(False)
        limiter.peek(SOME, "ada")
        time.sleep(0.3)
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: limiter.peek(SOME, "ada"), range(100)))
        accepted = []
        wait_until(lambda: accepted.extend(connections(silent)) or accepted)
        time.sleep(0.1)
        accepted += connections(silent)
        assert len(accepted) == 1
        accepted[0].close()


def connections(listener):
    with suppress(BlockingIOError):
        while True:
            yield listener.accept()[0]


def test_a_host_that_never_accepts_is_waited_for_in_time():
    with socket.socket() as full, closing(Waiting(full)) as waiting, closing(ValkeyStorage(waiting.url)) as valkey:
        assert TIMEOUT / 2 < seconds_of(lambda: valkey.answers()) < IN_TIME


class Waiting:
    """A port whose queue of connections is full, so that the system drops further ones."""

    def __init__(self, listener):
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        self.url = "valkey://{}:{}".format(*listener.getsockname())
        self.clients = [socket.socket() for _ in range(4)]
        for client in self.clients:
            client.setblocking(False)
            client.connect_ex(listener.getsockname())

    def close(self):
        for client in self.clients:
            client.close()


@pytest.mark.parametrize(
    "make_useless",
    [
        pytest.param(["CONFIG", "SET", "maxmemory", "1"], id="its memory is full"),
        pytest.param(["REPLICAOF", "127.0.0.1", "1"], id="it is a replica"),
        pytest.param(["CONFIG", "SET", "requirepass", "other"], id="it wants another password"),
    ],
)
def test_one_that_answers_and_does_not_count_is_gone(make_useless, tmp_path, database):
    with valkey_server(tmp_path) as server, closing(ValkeyStorage(server.url)) as valkey:
        valkey.run(lambda storage: storage.get_connection().execute_command(*make_useless))
        valkey.close()
        limiter = Limiter(SqlStorage(database), valkey)
        assert [limiter.take(SOME, "ada").allowed for _ in range(6)] == [True] * 5 + [False]
        assert in_database(database) == {"refusals": 6}
        assert not valkey.answers()


def test_slow_answers_that_are_each_in_time_are_a_failure(valkey):
    def slow(storage):
        for _ in range(3):
            time.sleep(TIMEOUT / 2)
        return 7

    assert valkey.run(slow) == 7
    assert not valkey.answers()
