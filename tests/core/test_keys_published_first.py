"""A rotated key is published before it signs, so that services which keep our keys for a while know it by then."""

import json
from datetime import timedelta

import pytest
import time_machine

from tests.core.test_keys import ALGORITHMS, DAY, NOON
from webapp.core import jwt
from webapp.core.clock import now
from webapp.core.keys import RotationRefused
from webapp.core.signing_keys import keys_of

HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOON, tick=False) as travelling:
        yield travelling


def uses(ring):
    """Of each key, in their order: whether it waits, signs, or only verifies."""
    at = now()
    words = {True: "waits", False: "verifies"}
    return ["signs" if key.may_sign else words[key.is_pending(at)] for key in tuple(ring.keys())]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_it_is_published_then_signs_while_the_old_one_verifies_and_then_is_alone(ring, clock, algorithm):
    here, elsewhere = ring(algorithm), ring(algorithm)
    old = here.current().kid
    new = here.rotate(DAY, signs_after=HOUR).kid
    for passed, expected, kid in (
        (timedelta(), ["waits", "signs"], old),
        (HOUR - SECOND, ["waits", "signs"], old),
        (SECOND, ["signs", "verifies"], new),
        (DAY - SECOND, ["signs", "verifies"], new),
        (SECOND, ["signs"], new),
    ):
        clock.shift(passed)
        started_now = ring(algorithm)
        for process in (here, elsewhere, started_now):
            assert (uses(process), process.current().kid) == (expected, kid)
            assert process.find(new)


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA", "RS256"])
def test_both_are_in_the_published_keys_from_the_first_moment(ring, clock, algorithm):
    here = ring(algorithm)
    old, version = here.current().kid, here.version
    new = here.rotate(DAY, signs_after=HOUR).kid
    assert {key["kid"] for key in here.jwks()["keys"]} == {old, new}
    assert here.version != version


def test_tokens_name_the_key_that_signs_at_that_time(ring, clock):
    here = ring()

    def signed():
        claims = {"iss": "https://a", "aud": "https://a", "sub": "x", "jti": "y", "iat": int(now().timestamp())}
        token = jwt.sign(claims | {"exp": claims["iat"] + 9}, typ="at+jwt", key=here.current())
        assert jwt.verify(token, typ="at+jwt", issuer="https://a", audience="https://a", ring=here)
        return jwt.read(token)[0]["kid"]

    old = here.current().kid
    new = here.rotate(DAY, signs_after=HOUR).kid
    assert signed() == old
    clock.shift(HOUR)
    assert signed() == new


def test_a_key_that_was_chosen_just_before_it_retired_still_signs(ring, clock):
    here = ring("HS256")
    here.rotate(DAY, signs_after=HOUR)
    chosen = here.current()
    clock.shift(HOUR)
    assert jwt.sign({"sub": "x"}, typ="at+jwt", key=chosen)
    with pytest.raises(ValueError, match="retired"):
        jwt.sign({"sub": "x"}, typ="at+jwt", key=here.find(chosen.kid))


def test_the_old_private_key_leaves_the_database_with_the_next_job(ring, clock):
    here = ring()
    here.rotate(DAY, signs_after=HOUR)
    assert here.written("forget_private_keys") == 0
    assert here.stored().count("BEGIN PRIVATE KEY") == 2
    clock.shift(HOUR)
    assert [here.written("forget_private_keys") for _ in range(2)] == [1, 0]
    assert here.stored().count("BEGIN PRIVATE KEY") == 1
    assert here.view().keys[1].private is None


def test_while_one_waits_another_is_refused_unless_it_signs_at_once(ring, clock):
    here = ring()
    old = here.current().kid
    waiting = here.rotate(DAY, signs_after=HOUR).kid
    with pytest.raises(RotationRefused, match="does not sign yet"):
        here.rotate(DAY, signs_after=HOUR)
    new = here.rotate(DAY).kid
    assert [here.current().kid, here.find(waiting)] == [new, None]
    assert here.find(old).ends_at == now() + DAY
    assert uses(here) == ["signs", "verifies"]


def test_one_that_waits_is_withdrawn_and_the_old_one_goes_on(ring, clock):
    here = ring()
    old = here.current().kid
    here.retire(here.rotate(DAY, signs_after=HOUR).kid)
    clock.shift(2 * DAY)
    assert (uses(here), ring().current().kid) == (["signs"], old)


def test_the_old_one_cannot_be_retired_while_it_signs(ring, clock):
    here = ring()
    old = here.current().kid
    here.rotate(DAY, signs_after=HOUR)
    with pytest.raises(RotationRefused, match="signs new tokens"):
        here.retire(old)
    clock.shift(HOUR)
    here.retire(old)
    assert here.find(old) is None


def test_after_a_theft_no_key_is_left_to_wait(ring, clock):
    here = ring()
    here.rotate(DAY, signs_after=HOUR)
    new = here.replace().kid
    assert [key.kid for key in tuple(here.keys())] == [new]


def test_another_algorithm_signs_from_the_start_and_the_waiting_key_is_dropped(ring, clock):
    here = ring("RS256")
    here.rotate(DAY, signs_after=HOUR)
    assert ring("ES256").current().algorithm == "ES256"
    assert uses(here) == ["signs", "verifies"]


def test_keys_of_an_earlier_version_are_read(ring):
    entries = json.loads(ring().stored())
    assert entries["keys"][0].pop("signs_from") is None
    (key,) = keys_of(json.dumps(entries))
    assert key.kid == ring().current().kid


def test_another_process_sees_it(ring, clock):
    here, elsewhere = ring(), ring()
    made = elsewhere.rotate(DAY, signs_after=365 * DAY).kid
    assert here.find(made)
    assert here.current().kid != made
