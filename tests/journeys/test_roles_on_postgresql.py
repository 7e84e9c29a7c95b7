"""Concurrent changes of roles on PostgreSQL: an administrator always remains."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests import factories
from tests.admin.admin_objects import by_session
from webapp.accounts import roles
from webapp.accounts.models import Role, User
from webapp.core.db import Database
from webapp.testing import HeaderClient
from webapp.web.registry import services_of

pytestmark = pytest.mark.xdist_group("races")


@pytest.fixture
def app(on_postgresql: Flask) -> Flask:
    return on_postgresql


def at_once(*calls: Callable[[], TestResponse]) -> list[int]:
    with ThreadPoolExecutor(len(calls)) as pool:
        return [answer.status_code for answer in pool.map(lambda call: call(), calls)]


def keeper(app: Flask) -> tuple[User, HeaderClient]:
    made = factories.user(app, role="super_admin")
    return made, by_session(app, made.username)


def test_of_two_super_admins_who_act_on_each_other_one_stays_without_deadlock(app: Flask) -> None:
    with services_of(app).get(Database).write() as db:
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
def test_a_role_removed_while_it_is_given_or_included_leaves_no_reference(app: Flask, round_: int) -> None:
    (_, ones), (_, others), (_, third), somebody = keeper(app), keeper(app), keeper(app), factories.user(app)
    gone, taker = f"gone{round_}", f"taker{round_}"
    for name in (gone, taker):
        ones.post("/admin/roles", json={"name": name, "description": "x", "includes": ["user"]})
    removed, given, included = at_once(
        lambda: others.post(f"/admin/roles/{gone}/remove", json={}),
        lambda: ones.post(f"/admin/users/{somebody.id}/role", json={"role": gone, "reason": "x"}),
        lambda: third.post(f"/admin/roles/{taker}/edit", json={"description": "x", "includes": [gone]}),
    )
    assert removed in (204, 409)
    assert given in ((404, 422) if removed == 204 else (200, 404, 422))
    assert included in ((422,) if removed == 204 else (200, 422))
    again = ones.post(f"/admin/roles/{taker}/edit", json={"description": "x", "includes": ["user"]})
    assert again.status_code == 200


def test_an_invitation_to_a_role_being_removed_is_refused(app: Flask) -> None:
    (_, script), database = keeper(app), services_of(app).get(Database)
    with database.write() as db:
        roles.add(db, "leaving", "x", ["user"])
    with ThreadPoolExecutor(1) as pool:
        with database.write() as db:
            roles.remove(db, db.get_one(Role, "leaving"))
            answer = pool.submit(script.post, "/admin/invitations/new", json={"role": "leaving"})
            time.sleep(0.3)
            assert not answer.done()
        assert (answer.result().status_code, list(answer.result().json["errors"])) == (422, ["role"])


def test_of_two_changes_that_make_a_cycle_one_is_refused(app: Flask) -> None:
    (_, ones), (_, others) = keeper(app), keeper(app)
    for name in ("left", "right"):
        ones.post("/admin/roles", json={"name": name, "description": "x", "includes": ["user"]})
    codes = at_once(
        lambda: ones.post("/admin/roles/left/edit", json={"description": "x", "includes": ["right"]}),
        lambda: others.post("/admin/roles/right/edit", json={"description": "x", "includes": ["left"]}),
    )
    assert sorted(codes) == [200, 422]
