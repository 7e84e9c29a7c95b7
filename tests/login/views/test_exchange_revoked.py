"""POST /api/auth/revoke with an exchanged token: it ends alone, and is remembered until it would have expired."""

import pytest
import time_machine

from tests import factories
from tests.login.exchange_calls import REPORTS, exchange
from tests.login.scripts import NOON
from tests.script import Script
from tests.tables import contents, events
from webapp.tokens import lifecycle


@pytest.fixture
def app(make_app):
    return make_app(WEBAPP_EXCHANGE_AUDIENCES=f"{REPORTS}, backup")


def test_revoking_an_exchanged_token_ends_only_it_and_is_stored_until_its_expiry(app, user):
    with time_machine.travel(NOON, tick=False) as clock:
        asker, given = (
            Script(app, factories.api_token(app, user, "tokens:introspect").token),
            factories.api_token(app, user),
        )

        def is_active(token):
            return asker.post("/api/auth/introspect", json={"token": token}).json["active"]

        one, other = (exchange(app, given.token).json["access_token"] for _ in range(2))
        for _ in range(2):
            assert Script(app).post("/api/auth/revoke", json={"token": one}).status_code == 200
        assert [is_active(token) for token in (one, other, given.token)] == [False, True, True]
        assert len(contents(app)["revoked_exchanged_token"]) == 1
        clock.shift(900)
        later = exchange(app, given.token).json["access_token"]
        Script(app).post("/api/auth/revoke", json={"token": later})
        assert [is_active(token) for token in (one, other, later)] == [False, False, False]
        # Those that have expired are forgotten when the next one is revoked.
        assert len(contents(app)["revoked_exchanged_token"]) == 1
    first, second = events(app, "exchanged-token.revoked")
    assert (first["credential_id"], first["user_id"]) == (given.entry.id.hex, user.id.hex)
    assert "eyJ" not in str([first, second])


def test_an_invalid_exchanged_token_revokes_nothing(app, database, user):
    given = factories.api_token(app, user)
    made = exchange(app, given.token).json["access_token"]
    with database.write() as db:
        lifecycle.revoke(db, user.id, given.entry.id)
    for token in (made, made[:-2], made.rpartition(".")[0] + "."):
        assert Script(app).post("/api/auth/revoke", json={"token": token}).status_code == 200
    assert contents(app)["revoked_exchanged_token"] == []
