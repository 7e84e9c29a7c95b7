"""The requests that are measured: whom they come from, and which pages they open."""

import itertools
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any
from uuid import uuid4

from flask import Flask
from sqlalchemy import text
from werkzeug.test import TestResponse

from tests import factories
from tests.bench.scale.filling import Size
from tests.factories import PASSWORD
from tests.script import Script
from webapp.accounts.models import User
from webapp.core.clock import now
from webapp.testing import as_nobody, as_user

Ask = Callable[[], TestResponse]
PEOPLE = 24
# Without a second factor, and those that are disabled are left out; see the recipes.
EVERY, FIRST = 60, 2
BUSY = "md5('user1')::uuid"
USERS = (
    *("", "sort=created", "sort=seen", "role=admin", "q=ada1", "q=ada", "q=m", "q=m77", "q=m77@example.org", "q=zz"),
    *(f"view={view}" for view in ("never", "dormant", "disabled", "closed", "tokens", "one_factor")),
    *("view=disabled&q=ada&sort=seen", "role=user&view=never&q=m9&sort=seen", "after={name}"),
    *("sort=seen&after={seen}", "q=m&after={name}", "view=tokens&after={name}"),
)
EVENTS = (
    *("", "before={middle}", "user={busy}", "user={busy}&before={middle}", "user={somebody}", "actor={admin}"),
    *("event=session.started", "event=role.changed", "event=session.started&before={middle}", "ip_address=10.7.57.7"),
    *("event=access.refused&user={busy}", "event=token.revoked&user={busy}", "event=role.changed&ip_address=10.7.57.7"),
    *("event=access.refused&ip_address=10.7.57.7", "request={request}", "since={day}&until={day}"),
    *("event=role.changed&since={day}&until={day}", "user={somebody}&since={day}", "route=/reports/<int:number>"),
    *("route=/nowhere", "event=access.refused&route=/nowhere"),
)
OWN = "/dashboard", "/tokens", "/tokens?view=ended", "/account/sessions", "/account", "/account/security"
ACTIVITY = ("all", "logins", "tokens", "account", "refusals")


def requests_of(app: Flask, size: Size) -> Mapping[str, Ask]:
    """What to ask, by name; each request of somebody else than the one before, so that no row stays at hand."""
    people = some_people(app, size)
    issued = [factories.api_token(app, person, "protected:read", name=uuid4().hex) for person in people]
    scripts = [Script(app, token.token) for token in issued]
    browsers = [as_user(app, person.username) for person in people]
    admin = as_user(app, "chief", role="super_admin")
    busy = as_user(app, scalar(app, f'SELECT username FROM "user" WHERE id = {BUSY}'))
    marks = marks_of(app, size, people)
    found: dict[str, Ask] = {
        "guarded request by token": in_turn(scripts, lambda script: script.get("/protected")),
        "guarded request by session": in_turn(browsers, lambda browser: browser.get("/protected")),
        "login of a script": in_turn(people, lambda person: log_in(app, person)),
        "login in a browser": in_turn(people, lambda person: log_in_browser(app, person)),
        "refresh": in_turn([Refreshing(app, person) for person in people], lambda one: one.refresh()),
    }
    found |= {f"own {path}": in_turn(browsers, opened(path)) for path in OWN}
    found |= {f"activity {kind}": asking(busy, f"/account/activity?kind={kind}") for kind in ACTIVITY}
    found["activity, deep"] = asking(busy, f"/account/activity?before={marks['busy_event']}")
    found["activity refusals, deep"] = asking(busy, f"/account/activity?kind=refusals&before={marks['busy_event']}")
    admins = ["", *(f"/users?{query}" for query in USERS), *(f"/audit?{query}" for query in EVENTS), "/users/{busy}"]
    return found | {f"/admin{path}": asking(admin, f"/admin{path.format(**marks)}") for path in admins}


def in_turn(callers: list[Any], call: Callable[[Any], TestResponse]) -> Ask:
    turns: Iterator[Any] = itertools.cycle(callers)
    return lambda: call(next(turns))


def opened(path: str) -> Callable[[Any], TestResponse]:
    return lambda browser: browser.get(path)


def asking(browser: Any, path: str) -> Ask:
    return lambda: browser.get(path)


def log_in(app: Flask, person: User) -> TestResponse:
    answer: TestResponse = Script(app).post("/api/auth", json={"username": person.username, "password": PASSWORD})
    return answer


def log_in_browser(app: Flask, person: User) -> TestResponse:
    browser = as_nobody(app)
    browser.sends_csrf = True
    return browser.post("/login", data={"username": person.username, "password": PASSWORD})


class Refreshing:
    """A script login that is refreshed again and again."""

    def __init__(self, app: Flask, person: User) -> None:
        self._app, self._person = app, person
        self._token: str | None = None

    def refresh(self) -> TestResponse:
        token = self._token or log_in(self._app, self._person).json["refresh_token"]  # type: ignore[index]
        answer = Script(self._app).post("/api/auth/refresh", json={"refresh_token": token})
        self._token = answer.json["refresh_token"]
        return answer


def some_people(app: Flask, size: Size) -> list[User]:
    step = max(1, size.users // EVERY // PEOPLE) * EVERY
    numbers = [number for turn in range(PEOPLE) if (number := FIRST + step * turn) % 101 != 7]
    with factories.database_of(app).read() as db:
        ids = db.scalars(
            text("SELECT md5('user' || n)::uuid FROM unnest(CAST(:numbers AS bigint[])) n"), {"numbers": numbers}
        ).all()
        return [db.get_one(User, user_id) for user_id in ids]


def marks_of(app: Flask, size: Size, people: list[User]) -> dict[str, Any]:
    """What stands in the paths: far from the beginning of each list."""
    deep = {"offset": size.users * 9 // 10}
    by = 'SELECT id FROM "user" ORDER BY {} OFFSET :offset LIMIT 1'
    middle = size.events // 2
    theirs = f"SELECT id FROM audit_event WHERE user_id = {BUSY} ORDER BY at DESC OFFSET :offset LIMIT 1"
    return {
        "name": scalar(app, by.format("username_key"), **deep),
        "seen": scalar(app, by.format("last_login_at DESC NULLS LAST, username_key DESC"), offset=size.users // 2),
        "middle": middle,
        "busy": scalar(app, f"SELECT {BUSY}"),
        "busy_event": scalar(app, theirs, offset=size.events // 200),
        "admin": scalar(app, "SELECT md5('user1000')::uuid"),
        "somebody": people[0].id,
        "request": scalar(app, "SELECT request_id FROM audit_event WHERE seq = :seq", seq=middle),
        "day": (now() - timedelta(days=90)).date(),
    }


def scalar(app: Flask, sql: str, **values: Any) -> Any:
    with factories.database_of(app).read() as db:
        return db.scalar(text(sql), values)
