"""A rotation that is requested again because its response was lost: who gets the same new token, and until when."""

from datetime import timedelta
from uuid import UUID

import pytest

from tests import factories
from tests.outbox_mails import mails
from tests.script import Script
from tests.tables import contents, events, everything
from tests.tokens import rotation_races
from tests.tokens.rotate_calls import DAY, HOUR, RENEWS, by_json, rotate_self, row, status
from webapp.core.clock import now
from webapp.core.db import Database
from webapp.credentials.models import Credential
from webapp.tokens import lifecycle, rotation
from webapp.tokens.issuing import TokenIssuer
from webapp.tokens.rotation import NotRotatable, RotationOptions
from webapp.web.registry import services_of


@pytest.fixture
def person(at_noon):
    return at_noon


def by_itself(app, _person, issued):
    answer = rotate_self(app, issued.token, overlap=3600)
    return answer.status_code, answer.json.get("id")


def by_owner(_app, person, issued):
    answer = by_json(person, issued)
    return answer.status_code, answer.json.get("id")


def by_operator(app, _person, issued):
    options = RotationOptions(overlap=HOUR, longest=365 * DAY, may_never_end=False, origin="cli")
    try:
        with services_of(app).get(Database).write() as db:
            issuer = services_of(app).get(TokenIssuer)
            rotated = rotation.rotate(db, issuer, issued.entry.user_id, issued.entry.id, options)
            return 201, str(rotated.issued.entry.id)
    except NotRotatable:
        return 409, None


WAYS = {"by itself": by_itself, "by its owner": by_owner, "by an operator": by_operator}


@pytest.mark.parametrize("again", WAYS)
@pytest.mark.parametrize("first", WAYS)
def test_only_a_token_that_rotated_itself_gets_the_same_new_token_again(app, person, issued, first, again):
    status_code, new_id = WAYS[first](app, person, issued)
    assert status_code == 201
    repeated = WAYS[again](app, person, issued)
    assert repeated == ((201, new_id) if first == again == "by itself" else (409, None))


def use(app, _user, new):
    assert status(app, new["access_token"]) == 200


def use_and_wait(app, user, new, clock):
    use(app, user, new)
    clock.shift(timedelta(seconds=30))


def revoke(app, user, token_id):
    with services_of(app).get(Database).write() as db:
        lifecycle.revoke(db, user.id, UUID(str(token_id)))


def widen(app, new):
    with services_of(app).get(Database).write() as db:
        credential = db.get_one(Credential, UUID(new["id"]))
        credential.grant = type(RENEWS)(scopes=RENEWS.scopes | {"admin:read"})


@pytest.mark.parametrize(
    ("meanwhile", "expected"),
    [
        pytest.param(lambda *_: None, 201, id="at once"),
        pytest.param(lambda app, user, old, new, clock: clock.shift(HOUR - timedelta(seconds=1)), 201, id="late"),
        pytest.param(lambda app, user, old, new, clock: clock.shift(HOUR), 401, id="after the overlap"),
        pytest.param(lambda app, user, old, new, clock: use(app, user, new), 201, id="just used"),
        pytest.param(lambda app, user, old, new, clock: use_and_wait(app, user, new, clock), 409, id="in use"),
        pytest.param(lambda app, user, old, new, clock: revoke(app, user, new["id"]), 409, id="new one revoked"),
        pytest.param(lambda app, user, old, new, clock: revoke(app, user, old.entry.id), 401, id="old one revoked"),
        pytest.param(lambda app, user, old, new, clock: widen(app, new), 409, id="new one has more permissions"),
        pytest.param(
            lambda app, user, old, new, clock: rotate_self(app, new["access_token"]), 201, id="new one rotated"
        ),
    ],
)
def test_a_repeat_works_until_the_new_token_is_used_or_either_ends(app, user, issued, clock, meanwhile, expected):
    new = rotate_self(app, issued.token, overlap=3600).json
    meanwhile(app, user, issued, new, clock)
    answer = rotate_self(app, issued.token, overlap=3600)
    assert answer.status_code == expected
    if expected == 201:
        same = ("id", "name", "scope", "token_type")
        assert [answer.json[name] for name in same] == [new[name] for name in same]
        assert status(app, answer.json["access_token"]) == 200
        assert answer.headers["Location"] == f"/tokens/{new['id']}"
        assert answer.headers["Cache-Control"] == "no-store"


def test_the_window_after_a_use_is_a_setting(make_app, user, issued, clock):
    app = make_app(WEBAPP_REFRESH_OVERLAP="2m")
    new = rotate_self(app, issued.token).json
    use(app, user, new)
    clock.shift(timedelta(seconds=119))
    assert rotate_self(app, issued.token).json["id"] == new["id"]
    clock.shift(timedelta(seconds=1))
    assert rotate_self(app, issued.token).status_code == 409


def test_a_repeat_does_not_change_the_overlap(app, issued, clock):
    rotate_self(app, issued.token, overlap=86400)
    clock.shift(60)
    rotate_self(app, issued.token, overlap=86400)
    assert row(app, issued.entry.id).expires_at == now() + DAY - timedelta(seconds=60)
    rotate_self(app, issued.token, overlap=3600)
    rotate_self(app, issued.token, overlap=604800)
    assert row(app, issued.entry.id).expires_at == now() + HOUR


def test_any_number_of_repeats_makes_one_mail_two_events_and_one_token(app, user, person, issued):
    for _ in range(5):
        assert rotate_self(app, issued.token).status_code == 201
    assert ['"again"' in event["details"] for event in events(app, "token.rotated")] == [False, True]
    assert [mail.kind for mail in mails(app)] == ["token_rotated"]
    assert len(events(app, "token.minted")) == 2
    assert "repeated its rotation and got the same new token" in person.open("/account/activity").text


def test_the_refusals_say_why_and_what_to_do(app, user, person, issued, clock):
    new = rotate_self(app, issued.token).json
    use_and_wait(app, user, new, clock)
    answer = rotate_self(app, issued.token)
    assert answer.json["detail"] == "It was already rotated, and the new token is in use. Use that one instead."
    revoke(app, user, new["id"])
    assert "the new token has ended" in rotate_self(app, issued.token).json["detail"]


def test_a_token_restricted_to_networks_can_repeat_only_from_there(app, user, clock):
    grant = type(RENEWS)(scopes=RENEWS.scopes, networks=("10.0.0.0/8",))
    issued = factories.api_token(app, user, grant=grant)
    new = rotate_self(app, issued.token).json
    elsewhere = Script(app, issued.token, ip_address="192.0.2.1").post("/tokens/self/rotate", json={})
    assert (elsewhere.status_code, rotate_self(app, issued.token).json["id"]) == (403, new["id"])


def test_the_new_token_is_not_stored_for_repeats(app, issued, instance):
    found = [rotate_self(app, issued.token).json["access_token"] for _ in range(2)]
    stored = everything(instance / "latchkey.db")
    assert not [part for token in found for part in token.split(".")[1:] if part in stored]


def test_a_refused_repeat_writes_nothing(app, person, issued):
    rotate_self(app, issued.token)
    before = contents(app)
    assert by_json(person, issued).status_code == 409
    assert contents(app) == before


@pytest.mark.timeout(300)
@pytest.mark.xdist_group("races")
def test_two_processes_that_rotate_one_token_at_once_get_one_new_token(app, user, process_pair):
    for answers, successors in rotation_races.raced(app, user, process_pair):
        (new_id,) = successors
        assert answers == [f"201 {new_id}"] * 2
