"""Two processes that present one token for rotation at the same time: what each got."""

from uuid import UUID

from flask import Flask
from sqlalchemy import select

from tests import example_counts, factories
from tests.races import Pair
from tests.tokens.rotate_calls import RENEWS, rotate_self
from webapp.accounts.models import User
from webapp.core.db import Database
from webapp.tokens.models import ApiToken
from webapp.web.registry import services_of

ROUNDS = example_counts.times(10)


def rotate(app: Flask, token: str) -> str:
    """What each process does: the status, and the id of the new token. It repeats the request while it gets 503."""
    # On a busy machine, the first request of a process may have the write lock of SQLite for seconds.
    while (answer := rotate_self(app, token)).status_code == 503:
        pass
    return f"{answer.status_code} {answer.json.get('id')}"


def raced(app: Flask, user: User, pair: Pair) -> list[tuple[list[str], list[UUID]]]:
    """For each round what both processes got, and the ids of all successors of the token."""
    issued = [factories.api_token(app, user, grant=RENEWS, name=f"raced {place}") for place in range(ROUNDS)]
    answers = pair.race(app, "tests.tokens.rotation_races.rotate", ([found.token] for found in issued))
    with services_of(app).get(Database).read() as db:
        successors = [
            list(db.scalars(select(ApiToken.id).where(ApiToken.rotated_from == found.entry.id))) for found in issued
        ]
    return list(zip(answers, successors, strict=True))
