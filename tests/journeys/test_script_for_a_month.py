"""A script that runs for a month: it refreshes, also in parallel, loses responses, pauses, and stays logged in."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

import pytest
import time_machine
from flask import Flask

from tests import factories
from tests.script import Script
from tests.tables import events
from webapp.accounts import lifecycle
from webapp.core.db import Database
from webapp.tokens import script_logins
from webapp.web.registry import services_of

BEGIN = "2026-12-01T06:00:00Z"
pytestmark = pytest.mark.slow

WEEKENDS = (12, 13, 26, 27)


class LockedOut(Exception):
    """Somebody would have to type the password."""


@dataclass
class Sync:
    """A script on a network that loses one response in twenty, with three threads that refresh at the same time."""

    app: Callable[[], Flask]
    shift: Callable[[timedelta], None]
    chance: Random = field(default_factory=lambda: Random(7))
    access: str = ""
    refresh: str = ""
    refreshed: int = 0
    lost: int = 0
    parallel: int = 0

    def log_in(self) -> None:
        self.take(self.post("/api/auth", {"username": "ada", "password": factories.PASSWORD}))

    def run(self) -> None:
        if self.call() == 401:
            self.renew()
        assert self.call() == 200

    def call(self) -> int:
        return Script(self.app(), self.access).get("/protected").status_code

    def renew(self) -> None:
        former = self.refresh
        answer = self.post("/api/auth/refresh", {"refresh_token": former})
        if self.chance.random() < 0.05:
            # The response was lost: once more, with the token that is there.
            self.lost += 1
            self.shift(timedelta(seconds=12))
            answer = self.post("/api/auth/refresh", {"refresh_token": former})
        self.take(answer)
        self.refreshed += 1
        if self.chance.random() < 0.2:
            self.renew_in_other_threads(former)

    def renew_in_other_threads(self, former: str) -> None:
        """Two threads have read the former token from the file; the last uses the successor before the first writes."""
        self.parallel += 1
        for seconds in (1, 10):
            self.shift(timedelta(seconds=seconds))
            assert self.post("/api/auth/refresh", {"refresh_token": former})["refresh_token"] == self.refresh
        following = self.post("/api/auth/refresh", {"refresh_token": self.refresh})
        self.shift(timedelta(seconds=5))
        assert self.post("/api/auth/refresh", {"refresh_token": former})["refresh_token"] == self.refresh
        self.take(following)

    def post(self, path: str, body: dict[str, str]) -> dict[str, str]:
        answer = Script(self.app()).post(path, json=body)
        if answer.status_code != 200:
            raise LockedOut(answer.json)
        told: dict[str, str] = answer.json
        return told

    def take(self, told: dict[str, str]) -> None:
        self.access, self.refresh = told["access_token"], told["refresh_token"]


def test_a_script_is_never_locked_out_in_a_month(make_app: Callable[..., Flask]) -> None:
    apps = [make_app()]
    user = factories.user(apps[0], "ada")
    with time_machine.travel(BEGIN, tick=False) as clock:
        sync = Sync(lambda: apps[-1], clock.shift)
        sync.log_in()
        for day in range(30):
            if day % 7 == 3:
                # Started anew, in the middle of everything.
                apps.append(make_app())
            if day in WEEKENDS:
                clock.shift(timedelta(days=1))
                continue
            for _ in range(6):
                clock.shift(timedelta(hours=4))
                sync.run()
        assert (sync.refreshed, sync.lost > 4, sync.parallel > 20) == (6 * 26, True, True)
        is_the_same_login(apps[-1], user.id)
        is_over_with_everything(apps[-1], user.id, sync)


def is_the_same_login(app: Flask, user_id: UUID) -> None:
    with services_of(app).get(Database).read() as db:
        (login,) = script_logins.live(db, user_id)
    assert login.started_at == datetime(2026, 12, 1, 6, tzinfo=UTC)
    assert events(app, "refresh.reused") == events(app, "refresh.refused") == []


def is_over_with_everything(app: Flask, user_id: UUID, sync: Sync) -> None:
    with services_of(app).get(Database).write() as db:
        lifecycle.end_everything(db, user_id)
    assert sync.call() == 401
    with pytest.raises(LockedOut):
        sync.renew()
