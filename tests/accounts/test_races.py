"""A link that two processes use at once: one winner in each round."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import insert
from sqlalchemy.orm import Session

from tests import example_counts
from webapp.accounts import invitations, one_time_links, recovery, self_registration
from webapp.accounts.invitations import InvitationRequest
from webapp.accounts.models import Invitation, User
from webapp.core.clock import now
from webapp.core.db import Database
from webapp.web.registry import services_of

ROUNDS = example_counts.times(10)

pytestmark = pytest.mark.xdist_group("races")


def to_verify(db: Session, user: User) -> str:
    user.verification_required_at = now()
    return one_time_links.create(db, self_registration.SIGN_UP, timedelta(hours=1), user_id=user.id, email=user.email)


SECRETS: dict[str, Callable[[Session, User], str]] = {
    "reset": lambda db, user: recovery.link_for(db, user).rpartition("/")[2],
    "verify": to_verify,
    "invitation": lambda db, _: invitations.create(db, InvitationRequest(most_uses=1)).path.rpartition("/")[2],
}


@pytest.mark.parametrize("kind", SECRETS)
def test_of_two_processes_that_use_a_link_at_once_one_succeeds(app, user, process_pair, kind):
    def secrets():
        for _ in range(ROUNDS):
            with services_of(app).get(Database).write() as db:
                secret = SECRETS[kind](db, db.get_one(User, user.id))
            yield [secret]

    assert process_pair.race(app, f"tests.accounts.link_races.{kind}", secrets()) == [["late", "won"]] * ROUNDS


def test_ten_thousand_invitations_are_paged_with_two_queries(app):
    database = services_of(app).get(Database)
    with database.write() as db:
        made = invitations.create(db, InvitationRequest(note="first")).invitation
        columns = {column.key: getattr(made, column.key) for column in Invitation.__table__.columns}
        # As made, each a moment after the one before.
        many = [
            columns
            | {"id": uuid4(), "digest": number.to_bytes(32), "note": str(number)}
            | {"created_at": made.created_at + timedelta(microseconds=number + 1)}
            for number in range(10_000)
        ]
        db.execute(insert(Invitation), many)
    with database.read() as db:
        rows = invitations.latest_invitations(db)
    assert [row.invitation.note for row in rows[:2]] == ["9999", "9998"]
    assert len(rows) == invitations.PAGE + 1
