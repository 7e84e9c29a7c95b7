"""Queries of the audit log: by user, and in which order."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from tests import factories
from webapp.audit import event_queries
from webapp.audit.log import Event, record
from webapp.core.db import Database
from webapp.web.registry import services_of

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def two(app):
    """Two users, to each of whom five things happened, a minute apart."""
    with time_machine.travel(NOON - timedelta(minutes=1), tick=False) as clock:
        # They are made at that time too: whatever day it really is, this comes before the rest.
        ada, grace = factories.user(app, "ada"), factories.user(app, "grace")
        clock.move_to(NOON)
        for number in range(5):
            with services_of(app).get(Database).write() as db:
                for user in (ada, grace):
                    record(db, Event.TOKEN_MINTED, user_id=user.id, name=f"{user.username} {number}")
            clock.shift(60)
    return ada, grace


@pytest.fixture
def db(database):
    with database.read() as session:
        yield session


def names(found):
    return [event.details["name"] for event in found if "name" in event.details]


def test_a_user_gets_only_own_events_newest_first(db, two):
    assert names(event_queries.of_user(db, two[0].id, limit=3)) == ["ada 4", "ada 3", "ada 2"]


def test_the_tail_is_in_the_order_of_time(db, two):
    found = names(event_queries.tail(db, limit=4, event="token.minted"))
    assert {name[-1] for name in found} == {"3", "4"}
    assert found == sorted(found, key=lambda name: name[-1])


def test_the_tail_continues_after_an_event(db, two):
    found = names(event_queries.tail(db, limit=100, after=NOON + timedelta(minutes=3), event="token.minted"))
    assert {name[-1] for name in found} == {"4"}


def test_events_are_counted_by_day(db, two):
    since = NOON + timedelta(minutes=2)
    assert len(event_queries.times_of(db, two[0].id, Event.TOKEN_MINTED, since=since)) == 3
