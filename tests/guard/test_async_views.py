"""Views that are ``async def``: guarded like others, in the thread, context and transaction of their request."""

import asyncio
import threading

import pytest
from flask import Blueprint, g, session
from flask.views import MethodView
from sqlalchemy import select

from webapp import testing
from webapp.accounts.models import User
from webapp.guard import Principal, enforce, guard_blueprint, public, require
from webapp.guard.policy import Requirement
from webapp.testing import as_nobody, as_user, user_named, with_token
from webapp.web.transaction import db


async def name(principal: Principal):
    await asyncio.sleep(0)
    return principal.username


async def plain():
    await asyncio.sleep(0)
    return "in"


class Names(MethodView):
    @require(role="admin")
    async def get(self, principal: Principal):
        return await name(principal)


def blueprint():
    box = Blueprint("box", __name__)
    box.add_url_rule("/async/principal", "principal", require()(name))
    box.add_url_rule("/async/plain", "plain", require(role="admin")(plain))
    box.add_url_rule("/async/public", "public", public(plain))
    box.add_url_rule("/async/class", view_func=Names.as_view("class"))
    inner = Blueprint("inner", __name__)
    guard_blueprint(inner, require(role="admin"))
    inner.add_url_rule("/async/inner", "plain", plain)

    @inner.before_request
    async def before():
        g.before = await plain()

    box.register_blueprint(inner)
    box.add_url_rule("/async/write", "write", require()(write), methods=["POST"])
    box.add_url_rule("/async/refused", "refused", require()(refused))
    return box


async def write(principal: Principal):
    thread = threading.get_ident()
    found = db().scalar(select(User).where(User.id == principal.user_id))
    await asyncio.gather(asyncio.sleep(0), asyncio.to_thread(lambda: g.principal))
    found.display_name = "Changed"
    session["seen"] = True
    return {"is_same_thread": thread == threading.get_ident()}


async def refused():
    await asyncio.sleep(0)
    enforce(Requirement(role="admin"))


@pytest.fixture(scope="module")
def site():
    with testing.app(blueprint()) as site:
        yield site


# Status for: nobody, a user, an admin, a user's token, an admin's token.
TABLE = {
    "/async/principal": (401, 200, 200, 200, 200),
    "/async/plain": (401, 403, 200, 403, 200),
    "/async/public": (200, 200, 200, 200, 200),
    "/async/class": (401, 403, 200, 403, 200),
    "/async/inner": (401, 403, 200, 403, 200),
    "/async/refused": (401, 403, 500, 403, 500),
}


@pytest.mark.parametrize("path", TABLE)
def test_it_is_guarded_like_any_other(site, path):
    callers = (
        as_nobody(site),
        as_user(site, "bo"),
        as_user(site, "ada", role="admin"),
        with_token(site, of="bo"),
        with_token(site, of="ada"),
    )
    answers = [caller.get(path, headers={"Accept": "*/*"}) for caller in callers]
    assert tuple(answer.status_code for answer in answers) == TABLE[path]
    assert all(answer.text in ("in", "bo", "ada") for answer in answers if answer.status_code == 200)


def test_it_has_the_transaction_and_the_thread_of_its_request(site):
    assert as_user(site, "bo").post("/async/write", headers={"Accept": "*/*"}).json == {"is_same_thread": True}
    assert user_named(site, "bo").display_name == "Changed"
