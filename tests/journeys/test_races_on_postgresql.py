"""Those who do the same at once, on PostgreSQL: one of them wins, and limits are exact."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier
from uuid import UUID

import pytest
import time_machine
from flask import Flask
from sqlalchemy.orm import Session

from tests import factories
from tests.federation import test_races as logins
from tests.login.refresh_races import begin, raced
from tests.login.test_refresh_races import ROUNDS
from tests.mail.test_outbox import Box
from tests.oauth import test_races as codes
from tests.races import Pair
from tests.tokens import rotation_races
from webapp.accounts import lifecycle
from webapp.core import ratelimit_storage
from webapp.core.clock import now
from webapp.core.db import Database
from webapp.core.models import RateBucket
from webapp.core.ratelimit import Limit, Limiter
from webapp.credentials import lifecycle as credentials
from webapp.credentials import live_counts
from webapp.credentials.models import Credential
from webapp.jobs.leases import Job
from webapp.jobs.worker import JobWorker
from webapp.login.refresh_grant import RefreshGrant
from webapp.mail.mailer import Mailer
from webapp.mail.worker import MailWorker as Sender
from webapp.sessions import lifecycle as sessions
from webapp.sessions.lifecycle import Browser, SessionLifetimes, credential_key
from webapp.sessions.rotation import SessionRotation
from webapp.tokens import issuing, refreshing
from webapp.tokens.issuing import TokenIssuer
from webapp.web.registry import services_of

pytestmark = pytest.mark.xdist_group("races")


@pytest.fixture
def app(on_postgresql: Flask) -> Flask:
    return on_postgresql


def test_simultaneous_new_tokens_never_exceed_the_limit(app: Flask) -> None:
    owner, issuer = factories.user(app, "pg-many"), services_of(app).get(TokenIssuer)
    services_of(app).replace(TokenIssuer)(replace(issuer, max_tokens=3))
    begin = Barrier(8)

    def mint(number: int) -> bool:
        begin.wait()
        try:
            factories.api_token(app, owner, name=f"one of many {number}")
        except issuing.TooManyTokens:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(mint, range(8))) == 3
    with services_of(app).get(Database).read() as db:
        assert live_counts.live_token_count(db, owner.id) == 3


def test_a_form_sent_twice_at_once_creates_one_token(app: Flask) -> None:
    owner = factories.user(app, "pg-twice")

    def mint(_: int) -> bool:
        try:
            factories.api_token(app, owner, name="twice", once="the same form")
        except issuing.AlreadyIssued:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(mint, range(4))) == [False, False, False, True]


def test_a_limit_is_exact_with_simultaneous_requests(app: Flask) -> None:
    limit = Limit("pg", 10, app.permanent_session_lifetime)
    limiter = services_of(app).get(Limiter)
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda _: limiter.take(limit, "somebody").allowed, range(40)))
    assert taken.count(True) == 10


def test_deleting_expired_limits_does_not_wait_for_logins(app: Flask) -> None:
    # A login counts several in one transaction; each would wait for the other for ever.
    database, an_hour = services_of(app).get(Database), 3600

    def purge() -> int:
        with database.write() as db:
            return ratelimit_storage.purge(db)

    with time_machine.travel(now() - timedelta(days=1), tick=False), database.write() as db:
        ratelimit_storage.count_hit(db, "pg-busy", an_hour)
        ratelimit_storage.count_hit(db, "pg-idle", an_hour)
    with ThreadPoolExecutor(1) as pool, database.write() as db:
        ratelimit_storage.count_hit(db, "pg-busy", an_hour)
        assert pool.submit(purge).result(timeout=30) >= 1
        assert ratelimit_storage.count_hit(db, "pg-idle", an_hour) == 1
    with database.read() as db:
        assert db.get_one(RateBucket, "pg-busy").expires_at > now()


def test_of_many_mail_workers_one_sends_each_mail(app: Flask) -> None:
    box, post = Box(), services_of(app).get(Mailer)
    # Of those who lived here before.
    Sender(services_of(app).get(Database), post.encryptor, Box()).send_due()
    for number in range(40):
        with services_of(app).get(Database).write() as db:
            post.send(db, "test", f"person{number}@example.org")

    def send(start: Barrier) -> int:
        start.wait(60)
        return Sender(services_of(app).get(Database), post.encryptor, box).send_due()

    with ThreadPoolExecutor(8) as pool:
        sent = list(pool.map(send, [Barrier(8)] * 8))
    assert sum(sent) == len(box.mails) == 40
    assert len({mail.id for mail in box.mails}) == 40


def test_a_job_is_run_by_one_process_only(app: Flask) -> None:
    steps = list[int]()
    sweep = Job("sweep", timedelta(days=1), lambda _: steps.append(1) or 0)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: JobWorker(services_of(app).get(Database), [sweep]).do_due(), range(8)))
    assert steps == [1]


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("call", "codes", "generations"),
    [
        pytest.param("refresh", ("won", "won"), [1, 2], id="with an overlap"),
        pytest.param("refresh_twice", ("won", "won"), [1, 2, 3], id="twice with an overlap"),
        pytest.param("refresh_without_overlap", ("refresh_reused", "won"), [1, 2], id="without an overlap"),
    ],
)
def test_of_two_processes_with_one_refresh_token_one_creates_a_successor(
    app: Flask, process_pair: Pair, call: str, codes: tuple[str, ...], generations: list[int]
) -> None:
    rounds = raced(app, factories.user(app), process_pair, ROUNDS, call)
    is_over = call == "refresh_without_overlap"
    assert {tuple(found.codes) for found in rounds} == {codes}
    assert [(len(found.successors), found.generations) for found in rounds] == [(1, generations)] * ROUNDS
    live = 0 if is_over else len(generations) - 1
    assert [(found.is_over, found.live_tokens) for found in rounds] == [(is_over, live)] * ROUNDS


@pytest.mark.timeout(300)
def test_two_processes_that_rotate_one_token_at_once_get_one_new_token(app: Flask, process_pair: Pair) -> None:
    for answers, successors in rotation_races.raced(app, factories.user(app), process_pair):
        (new_id,) = successors
        assert answers == [f"201 {new_id}"] * 2


@pytest.mark.parametrize("end_all", [lifecycle.end_everything, credentials.end_all])
def test_a_refresh_while_everything_is_ended_leaves_no_token(
    app: Flask, end_all: Callable[[Session, UUID], object]
) -> None:
    owner = factories.user(app)
    database, renewal = services_of(app).get(Database), services_of(app).get(RefreshGrant)
    ((_, secret),) = begin(app, owner, 1)

    def end() -> None:
        with database.write() as db:
            end_all(db, owner.id)

    with ThreadPoolExecutor(1) as pool:
        with database.write() as db:
            held = refreshing.lock_refresh_token(db, secret)
            assert held is not None
            ended = pool.submit(end)
            time.sleep(0.3)
            assert not ended.done()
            renewal.mint(db, held, held.scopes, now())
        ended.result()
    with database.read() as db:
        assert credentials.live(db, owner.id, "token") == []
        assert credentials.live(db, owner.id, "refresh") == []


def test_an_emergency_does_not_deadlock_with_changes_of_credentials(app: Flask) -> None:
    owner, database = factories.user(app), services_of(app).get(Database)
    one, other = (factories.api_token(app, owner).entry.id for _ in range(2))

    def end() -> int:
        with database.write() as db:
            return credentials.end_every_credential(db)["token"]

    with ThreadPoolExecutor(1) as pool:
        with database.write() as db:
            db.get_one(Credential, other, with_for_update=True)
            ended = pool.submit(end)
            time.sleep(0.3)
            assert not ended.done()
            db.get_one(Credential, one, with_for_update=True)
        assert ended.result() >= 2


def test_two_processes_that_rotate_a_session_at_once_create_one_secret(app: Flask) -> None:
    owner, database, day = factories.user(app, "pg-tabs"), services_of(app).get(Database), timedelta(days=1)
    with database.write() as db:
        lives = SessionLifetimes(day, day, day)
        started = sessions.start(db, owner.id, Browser("", None), lives, amr="pwd", is_remembered=True)
        session_id, secret = started.credential.id, started.secret
    begin, processes = Barrier(8), [SessionRotation.from_secrets(database, "one key of the site") for _ in range(2)]

    def come_back(number: int) -> str | None:
        begin.wait()
        return processes[number % 2].rotate(session_id, secret)

    with ThreadPoolExecutor(8) as pool:
        (renewed,) = set(pool.map(come_back, range(8)))
    assert renewed is not None
    with database.read() as db:
        found = credentials.by_key(db, credential_key(renewed), kind="session")
        assert found is not None
        assert found.id == session_id


def test_logins_that_give_back_attempts_do_not_deadlock(app: Flask) -> None:
    limiter = services_of(app).get(Limiter)
    network, name, account = ((Limit(f"pg-{kind}", 10_000, timedelta(minutes=1)), "ada") for kind in "nma")

    def log_in(_number: int) -> None:
        assert limiter.take_in_turn(network, name, account) is None
        limiter.forgive([account], [network, name], since=now())

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(log_in, range(300)))
    assert limiter.peek(*network).remaining == 10_000


@pytest.mark.parametrize("race", [*codes.RACES, *logins.RACES])
def test_of_several_uses_of_one_code_or_identity_one_wins(app: Flask, race: Callable[[Flask], None]) -> None:
    race(app)
