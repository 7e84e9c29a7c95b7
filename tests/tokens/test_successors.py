"""The successor of a rotated token has the same permissions and lifetime, and no more."""

from datetime import timedelta
from uuid import UUID

import msgspec
import pytest

from tests import factories
from tests.core.forged_tokens import NOON
from tests.script import Script
from tests.tables import contents
from tests.tokens.rotate_calls import DAY, HOUR, RENEWS, by_json, rotate_self, row
from webapp.core.clock import now
from webapp.core.db import Database
from webapp.credentials.models import Credential
from webapp.guard.token_grant import TokenGrant
from webapp.tokens import lifecycle
from webapp.web.registry import services_of


@pytest.fixture
def person(at_noon):
    return at_noon


def test_a_rotation_never_extends_the_old_token(app, user, clock):
    issued = factories.api_token(app, user, grant=RENEWS, lifetime=HOUR)
    rotate_self(app, issued.token, overlap=604800)
    assert row(app, issued.entry.id).expires_at == NOON + HOUR


def test_the_new_token_has_the_same_permissions_and_lifetime(app, user, clock):
    bounded = TokenGrant(
        scopes=RENEWS.scopes,
        resources=frozenset({"/protected", "/tokens/self/rotate"}),
        methods=frozenset({"GET", "POST"}),
        networks=("10.0.0.0/8",),
        per_minute=50,
    )
    issued = factories.api_token(app, user, grant=bounded, lifetime=30 * DAY)
    clock.shift(DAY)
    answer = rotate_self(app, issued.token)
    found = row(app, answer.json["id"])
    same = msgspec.structs.replace(bounded, counted_as=issued.entry.id.hex)
    assert (found.grant, found.expires_at) == (same, now() + 30 * DAY)


def test_a_rotation_does_not_reset_the_rate_limit(app, user, clock):
    issued = factories.api_token(app, user, grant=msgspec.structs.replace(RENEWS, per_minute=4))
    second = rotate_self(app, issued.token, overlap=0).json["access_token"]
    third = rotate_self(app, second, overlap=0).json["access_token"]
    codes = [Script(app, third).get("/protected").status_code for _ in range(3)]
    assert codes == [200, 200, 429]
    clock.shift(timedelta(minutes=1, seconds=1))
    assert Script(app, third).get("/protected").status_code == 200


def test_an_edited_successor_shares_the_rate_limit_of_its_predecessors(app, person, user):
    issued = factories.api_token(app, user, grant=msgspec.structs.replace(RENEWS, per_minute=4))
    made = rotate_self(app, issued.token).json
    person.open(f"/tokens/{made['id']}/edit")
    headers = {"Accept": "application/json", "X-CSRF-Token": person.csrf_token}
    person.ask("POST", f"/tokens/{made['id']}/edit", json={"note": "x"}, headers=headers)
    assert row(app, made["id"]).grant.counted_as == issued.entry.id.hex


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"overlap": 3600, "scopes": ["admin:write"]}, id="scopes"),
        pytest.param({"overlap": 3600, "expires_in": 31536000}, id="a longer life"),
        pytest.param({"overlap": 3600, "networks": [], "methods": [], "jkt": None}, id="no bounds"),
    ],
)
def test_unknown_fields_are_refused_and_rotate_nothing(app, issued, body):
    before = contents(app)
    answer = rotate_self(app, issued.token, **body)
    assert (answer.status_code, set(answer.json["errors"])) == (422, body.keys() - {"overlap"})
    assert contents(app) == before


def test_the_new_token_lives_at_most_as_long_as_the_current_setting(make_app, app, issued):
    site = make_app(WEBAPP_TOKEN_LIFETIME_MAX="10d")
    assert row(app, rotate_self(site, issued.token).json["id"]).expires_at == NOON + 10 * DAY


def test_a_bound_token_stays_bound(app, person, issued):
    with services_of(app).get(Database).write() as db:
        from_row = db.get_one(Credential, issued.entry.id)
        from_row.grant = TokenGrant(scopes=RENEWS.scopes, jkt="j" * 43)
    answer = by_json(person, issued)
    assert (answer.json["token_type"], row(app, answer.json["id"]).grant.jkt) == ("DPoP", "j" * 43)


def test_a_rotation_does_not_make_a_token_fresh(app, issued, clock):
    proven_at = row(app, issued.entry.id).auth_time
    clock.shift(DAY)
    assert row(app, rotate_self(app, issued.token).json["id"]).auth_time == proven_at


def test_both_tokens_have_the_name(app, user, issued):
    new_id = rotate_self(app, issued.token).json["id"]
    with services_of(app).get(Database).read() as db:
        old = lifecycle.find(db, user.id, issued.entry.id).entry
        new = lifecycle.find(db, user.id, UUID(new_id)).entry
    assert (old.name, old.taken_name, new.name, new.taken_name) == ("nightly", None, "nightly", "nightly")
    assert new.rotated_from == old.id
