"""A log as it was before events were chained, and what the migration makes of it."""

from typing import Any

from flask import Flask
from sqlalchemy import text

from webapp.audit import chain
from webapp.cli import schema
from webapp.core.db import Database
from webapp.settings import Settings
from webapp.web.registry import services_of

BEFORE_THE_CHAIN = "20261123"


def relink(app: Flask, settings: Settings) -> None:
    """Take the chain off a log that has rows, and put it on again."""
    former = rows(app)
    assert len(former) > 1
    services_of(app).get(Database).engine.dispose()
    schema.downgrade(settings, BEFORE_THE_CHAIN)
    schema.upgrade(settings)
    with services_of(app).get(Database).read() as db:
        verdict = chain.verify(db)
    assert (verdict.events, verdict.broken_at) == (len(former), None)
    # By time: of two who wrote at once, the one that began later may have been linked first.
    relinked = rows(app)
    assert sorted(relinked) == sorted(former)
    assert [row[1] for row in relinked] == sorted(row[1] for row in former)


def rows(app: Flask) -> list[tuple[Any, ...]]:
    """In the order of the chain; without whom they concern, which the way back forgets of those who are gone."""
    with services_of(app).get(Database).read() as db:
        return [tuple(row) for row in db.execute(text("SELECT id, at, event FROM audit_event ORDER BY seq"))]
