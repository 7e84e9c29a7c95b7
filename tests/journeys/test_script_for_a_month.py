"""A script that lives for a month: it refreshes, loses answers, sleeps over a weekend, and is never locked out."""

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
    """As somebody would write it who read the documentation, on a network that loses one answer in twenty."""

    house: Callable[[], Flask]
    shift: Callable[[timedelta], None]
    chance: Random = field(default_factory=lambda: Random(7))
    access: str = ""
    refresh: str = ""
    refreshed: int = 0
    lost: int = 0

    def log_in(self) -> None:
        self.take(self.post("/api/auth", {"username": "ada", "password": factories.PASSWORD}))

    def run(self) -> None:
        if self.call() == 401:
            self.renew()
        assert self.call() == 200

    def call(self) -> int:
        return Script(self.house(), self.access).get("/protected").status_code

    def renew(self) -> None:
        answer = self.post("/api/auth/refresh", {"refresh_token": self.refresh})
        if self.chance.random() < 0.05:
            # The house has answered, and nobody heard it: once more, with the token that is there.
            self.lost += 1
            self.shift(timedelta(seconds=3))
            answer = self.post("/api/auth/refresh", {"refresh_token": self.refresh})
        self.take(answer)
        self.refreshed += 1

    def post(self, path: str, body: dict[str, str]) -> dict[str, str]:
        answer = Script(self.house()).post(path, json=body)
        if answer.status_code != 200:
            raise LockedOut(answer.json)
        told: dict[str, str] = answer.json
        return told

    def take(self, told: dict[str, str]) -> None:
        self.access, self.refresh = told["access_token"], told["refresh_token"]


def test_a_script_is_never_locked_out_in_a_month(make_app: Callable[..., Flask]) -> None:
    houses = [make_app()]
    user = factories.user(houses[0], "ada")
    with time_machine.travel(BEGIN, tick=False) as clock:
        sync = Sync(lambda: houses[-1], clock.shift)
        sync.log_in()
        for day in range(30):
            if day % 7 == 3:
                # Started anew, in the middle of everything.
                houses.append(make_app())
            if day in WEEKENDS:
                clock.shift(timedelta(days=1))
                continue
            for _ in range(12):
                clock.shift(timedelta(hours=2))
                sync.run()
        assert (sync.refreshed, sync.lost > 5) == (12 * 26, True)
        is_the_same_login(houses[-1], user.id)
        is_over_with_everything(houses[-1], user.id, sync)


def is_the_same_login(house: Flask, user_id: UUID) -> None:
    with services_of(house).get(Database).read() as db:
        (login,) = script_logins.live(db, user_id)
    assert login.started_at == datetime(2026, 12, 1, 6, tzinfo=UTC)
    assert events(house, "refresh.reused") == events(house, "refresh.refused") == []


def is_over_with_everything(house: Flask, user_id: UUID, sync: Sync) -> None:
    with services_of(house).get(Database).write() as db:
        lifecycle.end_everything(db, user_id)
    assert sync.call() == 401
    with pytest.raises(LockedOut):
        sync.renew()
