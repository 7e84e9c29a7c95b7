"""The same house on PostgreSQL."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from tests import factories
from tests.audit.relinking import relink
from tests.browser import Person
from tests.login.refreshing import begin, raced
from tests.login.test_refresh_races import ROUNDS
from tests.mail.test_outbox import Box
from tests.rivals import Pair
from tests.script import Script
from webapp.accounts import closing, roles
from webapp.accounts.models import Role, User
from webapp.app import close, create_app
from webapp.audit import chain
from webapp.chores import rota
from webapp.chores.rota import Chore
from webapp.chores.worker import Worker
from webapp.cli import schema
from webapp.credentials import lifecycle as credentials
from webapp.credentials.models import Credential
from webapp.kernel.clock import now
from webapp.kernel.db import engine_for
from webapp.kernel.ratelimit import Limit
from webapp.mail.worker import Worker as Sender
from webapp.settings import Settings
from webapp.testing import quickened
from webapp.tokens import issuing, lifecycle, refreshing

pytestmark = pytest.mark.xdist_group("races")


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory, postgresql: Callable[[str], str]) -> Settings:
    instance = tmp_path_factory.mktemp("on_postgresql") / "instance"
    settings = Settings.from_env({"WEBAPP_INSTANCE": str(instance), "WEBAPP_DATABASE_URL": postgresql("journeys")})
    schema.upgrade(settings)
    return settings


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    app = quickened(create_app(settings))
    yield app
    close(app)


def test_the_migrations_make_what_the_models_say(settings: Settings) -> None:
    engine = engine_for(settings.database)
    assert schema.differences(engine) == []
    engine.dispose()


def test_people_and_scripts_come_in_and_are_ended_at_once(app: Flask) -> None:
    owner = factories.user(app, "pg-owner")
    person = Person(app)
    assert person.log_in("pg-owner").status_code == 200
    issued = factories.api_token(app, owner, "protected:read")
    script = Script(app, issued.token)
    assert script.get("/protected").status_code == 200
    with app.extensions["database"].write() as db:
        assert lifecycle.revoke(db, owner.id, issued.entry.id)
    assert script.get("/protected").json["code"] == "token_revoked"
    copied = person.cookie
    person.press("Log out")
    thief = Person(app)
    thief.client.set_cookie("session", copied)
    assert thief.open("/dashboard").request.path == "/login"


def test_of_many_tokens_that_are_made_at_once_no_more_come_than_one_may_have(app: Flask) -> None:
    owner, issuer = factories.user(app, "pg-many"), app.extensions["issuer"]
    app.extensions["issuer"] = replace(issuer, most=3)
    begin = Barrier(8)

    def mint(number: int) -> bool:
        begin.wait()
        try:
            factories.api_token(app, owner, name=f"one of many {number}")
        except issuing.TooMany:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(mint, range(8))) == 3
    with app.extensions["database"].read() as db:
        assert credentials.tokens_of(db, owner.id) == 3


def test_a_form_that_is_sent_twice_at_once_mints_one_token(app: Flask) -> None:
    owner = factories.user(app, "pg-twice")

    def mint(_: int) -> bool:
        try:
            factories.api_token(app, owner, name="twice", once="the same form")
        except issuing.AlreadyIssued:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(mint, range(4))) == [False, False, False, True]


def test_a_limit_is_exact_however_many_ask_at_once(app: Flask) -> None:
    limit = Limit("pg", 10, app.permanent_session_lifetime)
    limiter = app.extensions["limiter"]
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda _: limiter.take(limit, "somebody").allowed, range(40)))
    assert taken.count(True) == 10


def test_of_many_senders_one_sends_each_mail(app: Flask) -> None:
    box, post = Box(), app.extensions["post"]
    # Of those who lived here before.
    Sender(app.extensions["database"], post.sealer, Box()).send_due()
    for number in range(40):
        with app.extensions["database"].write() as db:
            post.send(db, "test", f"person{number}@example.org")

    def send(start: Barrier) -> int:
        start.wait(10)
        return Sender(app.extensions["database"], post.sealer, box).send_due()

    with ThreadPoolExecutor(8) as pool:
        sent = list(pool.map(send, [Barrier(8)] * 8))
    assert sum(sent) == len(box.mails) == 40
    assert len({mail.id for mail in box.mails}) == 40


def test_a_chore_is_done_by_one_process_alone(app: Flask) -> None:
    steps = list[int]()
    sweep = Chore("sweep", timedelta(days=1), lambda _: steps.append(1) or 0)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: Worker(app.extensions["database"], [sweep]).do_due(), range(8)))
    assert steps == [1]


def test_the_chores_of_the_house_are_done(app: Flask) -> None:
    assert app.extensions["chore_worker"].do_due() == [chore.name for chore in app.extensions["chores"]]
    with app.extensions["database"].read() as db:
        assert rota.late(db, app.extensions["chores"]) == []


def test_an_emergency_ends_everything_of_everybody(app: Flask) -> None:
    owner = factories.user(app, "pg-emergency")
    person, script = Person(app), Script(app, factories.api_token(app, owner, "protected:read").token)
    person.log_in("pg-emergency")
    with app.extensions["database"].write() as db:
        ended = credentials.end_of_everybody(db)
    assert ended["session"] >= 1
    assert ended["token"] >= 1
    assert script.get("/protected").json["code"] == "token_revoked"
    assert person.open("/dashboard").request.path == "/login"


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("forgives", "codes", "is_over"),
    [
        pytest.param(True, ("won", "won"), False, id="a lost answer is forgiven"),
        pytest.param(False, ("refresh_reused", "won"), True, id="nothing is forgiven"),
    ],
)
def test_of_two_processes_with_one_refresh_token_one_makes_a_successor(
    app: Flask, rivals: Pair, forgives: bool, codes: tuple[str, ...], is_over: bool
) -> None:
    rounds = raced(app, factories.user(app), rivals, ROUNDS, forgives=forgives)
    assert {tuple(found.codes) for found in rounds} == {codes}
    assert [(len(found.successors), found.generations) for found in rounds] == [(1, [1, 2])] * ROUNDS
    assert [(found.is_over, found.live_tokens) for found in rounds] == [(is_over, 0 if is_over else 2)] * ROUNDS


@pytest.mark.parametrize("end_all", [closing.end_everything, credentials.end_all])
def test_whoever_refreshes_while_everything_is_ended_is_left_with_nothing(
    app: Flask, end_all: Callable[[Session, UUID], object]
) -> None:
    owner = factories.user(app)
    database, renewal = app.extensions["database"], app.extensions["renewal"]
    ((_, secret),) = begin(app, owner, 1)

    def end() -> None:
        with database.write() as db:
            end_all(db, owner.id)

    with ThreadPoolExecutor(1) as pool:
        with database.write() as db:
            held = refreshing.hold(db, secret)
            assert held is not None
            ended = pool.submit(end)
            time.sleep(0.3)
            assert not ended.done()
            renewal.mint(db, held, held.scopes, now())
        ended.result()
    with database.read() as db:
        assert credentials.live(db, owner.id, "token") == []
        assert credentials.live(db, owner.id, "refresh") == []


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param("UPDATE audit_event SET event = 'x' WHERE seq = 1", id="an event is changed"),
        pytest.param("DELETE FROM audit_event WHERE seq = 1", id="an event is removed"),
        pytest.param("DELETE FROM audit_event", id="all are removed"),
        pytest.param("TRUNCATE audit_event", id="all are removed at once"),
        pytest.param("TRUNCATE audit_event, audit_head", id="the head with them"),
        pytest.param("UPDATE audit_head SET seq = seq - 1", id="the head goes back"),
        pytest.param("UPDATE audit_head SET sealed_seq = seq", id="the head seals what it cannot know"),
        pytest.param("UPDATE audit_head SET sealed_seq = 1, sealed_digest = '\\x00'", id="the head seals with a lie"),
        pytest.param("DELETE FROM audit_head", id="the head is removed"),
        pytest.param(
            "INSERT INTO audit_head SELECT 2, seq, digest, sealed_seq, sealed_digest FROM audit_head",
            id="a second head is put beside it",
        ),
        pytest.param(
            "INSERT INTO audit_event (id, seq, digest, at, event, details) "
            "SELECT gen_random_uuid(), 1, digest, at, event, details FROM audit_event WHERE seq = 1",
            id="a number is given twice",
        ),
    ],
)
def test_the_database_refuses_to_change_what_happened(app: Flask, statement: str) -> None:
    database = app.extensions["database"]
    factories.user(app)
    with pytest.raises(DBAPIError), database.write() as db:
        db.execute(text(statement))
    with database.read() as db:
        assert chain.verify(db).broken_at is None


def test_a_log_that_was_written_before_the_chain_is_linked(app: Flask, settings: Settings) -> None:
    gone = factories.user(app)
    with app.extensions["database"].write() as db:
        closing.delete(db, db.merge(gone))
    relink(app, settings)


def test_an_emergency_waits_for_who_is_changing_credentials_in_another_order(app: Flask) -> None:
    owner, database = factories.user(app), app.extensions["database"]
    one, other = (factories.api_token(app, owner).entry.id for _ in range(2))

    def end() -> int:
        with database.write() as db:
            return credentials.end_of_everybody(db)["token"]

    with ThreadPoolExecutor(1) as pool:
        with database.write() as db:
            db.get_one(Credential, other, with_for_update=True)
            ended = pool.submit(end)
            time.sleep(0.3)
            assert not ended.done()
            db.get_one(Credential, one, with_for_update=True)
        assert ended.result() >= 2


def at_once(*calls: Callable[[], TestResponse]) -> list[int]:
    with ThreadPoolExecutor(len(calls)) as pool:
        return [answer.status_code for answer in pool.map(lambda call: call(), calls)]


def keeper(app: Flask) -> tuple[User, Script]:
    made = factories.user(app, role="super_admin")
    return made, Script(app, factories.api_token(app, made, "admin:write").token)


def test_of_the_last_two_super_admins_who_act_on_each_other_one_stays_and_nobody_waits_forever(app: Flask) -> None:
    with app.extensions["database"].write() as db:
        db.query(User).update({User.role: "user"})
    (one, ones), (other, others) = keeper(app), keeper(app)
    sent = {"role": "user", "reason": "you first"}
    codes = at_once(
        lambda: ones.post(f"/admin/users/{other.id}/role", json=sent),
        lambda: others.post(f"/admin/users/{one.id}/role", json=sent),
    )
    # Whoever comes second is refused as what they have become, or because nobody else would be left.
    assert sorted(codes) in ([200, 403], [200, 409])


@pytest.mark.parametrize("round_", range(5))
def test_a_role_that_goes_while_it_is_given_or_included_leaves_no_trace(app: Flask, round_: int) -> None:
    (_, ones), (_, others), somebody = keeper(app), keeper(app), factories.user(app)
    gone, taker = f"gone{round_}", f"taker{round_}"
    for name in (gone, taker):
        ones.post("/admin/roles", json={"name": name, "description": "x", "includes": ["user"]})
    removed, given, included = at_once(
        lambda: others.post(f"/admin/roles/{gone}/remove", json={}),
        lambda: ones.post(f"/admin/users/{somebody.id}/role", json={"role": gone, "reason": "x"}),
        lambda: ones.post(f"/admin/roles/{taker}/edit", json={"description": "x", "includes": [gone]}),
    )
    assert removed in (204, 409)
    assert given in ((404, 422) if removed == 204 else (200, 404, 422))
    assert included in ((422,) if removed == 204 else (200, 422))
    again = ones.post(f"/admin/roles/{taker}/edit", json={"description": "x", "includes": ["user"]})
    assert again.status_code == 200


def test_nobody_is_invited_to_a_role_that_is_just_being_removed(app: Flask) -> None:
    (_, script), database = keeper(app), app.extensions["database"]
    with database.write() as db:
        roles.add(db, "leaving", "x", ["user"])
    with ThreadPoolExecutor(1) as pool:
        with database.write() as db:
            roles.remove(db, db.get_one(Role, "leaving"))
            answer = pool.submit(script.post, "/admin/invitations/new", json={"role": "leaving"})
            time.sleep(0.3)
            assert not answer.done()
        assert (answer.result().status_code, list(answer.result().json["errors"])) == (422, ["role"])


def test_of_two_roles_that_come_to_include_each_other_one_is_refused(app: Flask) -> None:
    (_, ones), (_, others) = keeper(app), keeper(app)
    for name in ("left", "right"):
        ones.post("/admin/roles", json={"name": name, "description": "x", "includes": ["user"]})
    codes = at_once(
        lambda: ones.post("/admin/roles/left/edit", json={"description": "x", "includes": ["right"]}),
        lambda: others.post("/admin/roles/right/edit", json={"description": "x", "includes": ["left"]}),
    )
    assert sorted(codes) == [200, 422]
