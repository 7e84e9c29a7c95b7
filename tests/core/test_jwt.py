"""JWTs of this site: valid to the last second of their lifetime; anything else raises one of two exceptions."""

import contextlib
from datetime import timedelta

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from tests.core.forged_tokens import CLAIMS, KEY, NOON, NOW, TYP, claims_with, forged, header_with
from tests.core.forged_tokens import inside as verify
from webapp.core import jwt

GOOD = forged()


@pytest.fixture(autouse=True)
def noon():
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA", "RS256", "HS256"])
def test_a_token_that_we_signed_is_valid(ring, algorithm):
    here = ring(algorithm)
    token = jwt.sign(CLAIMS, typ=TYP, key=here.current())
    assert verify(token, here) == CLAIMS


def test_the_forgery_helper_can_create_valid_tokens():
    assert verify(forged()) == CLAIMS


def test_a_token_is_valid_until_its_expiry_and_no_longer(noon):
    token = jwt.sign(CLAIMS, typ=TYP, key=KEY)
    noon.shift(3599)
    assert verify(token)
    noon.shift(1)
    with pytest.raises(jwt.Expired):
        verify(token)


def test_a_clock_slightly_ahead_is_tolerated():
    assert verify(forged(claims=claims_with(iat=NOW + 5, nbf=NOW + 5)))
    with pytest.raises(jwt.Invalid):
        verify(forged(claims=claims_with(iat=NOW + 6)))
    with pytest.raises(jwt.Invalid):
        verify(forged(claims=claims_with(nbf=NOW + 6)))


def test_a_token_is_valid_after_a_key_rotation_until_the_overlap_ends(ring, noon):
    here = ring("ES256")
    token = jwt.sign(CLAIMS, typ=TYP, key=here.current())
    here.rotate(timedelta(minutes=30))
    assert verify(token, here)
    noon.shift(1800)
    with pytest.raises(jwt.Invalid, match="kid"):
        verify(token, here)


def test_a_retired_key_signs_nothing(ring):
    here = ring("HS256")
    kid = here.current().kid
    here.rotate(timedelta(days=1))
    with pytest.raises(ValueError, match="retired"):
        jwt.sign(CLAIMS, typ=TYP, key=here.find(kid))


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from([*CLAIMS, "nbf", "typ", "alg", "kid", "crit", "b64"])
MEMBERS = st.dictionaries(NAMES | st.text(max_size=5), ANYTHING, max_size=5)


def is_answered(token):
    with contextlib.suppress(jwt.TokenError):
        verify(token)


@given(st.text(max_size=60) | st.from_regex(r"\A[\w=-]{0,40}\.[\w=-]{0,40}\.[\w=-]{0,40}\Z"))
def test_every_text_is_refused_with_the_same_exception_type(token):
    is_answered(token)


@given(MEMBERS, MEMBERS)
def test_all_signed_members_are_refused_with_the_same_exception_type(header, claims):
    is_answered(forged(header=header_with(**header), claims=claims_with(**claims)))
    is_answered(forged(claims=claims_with(**claims)))


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_all_signed_bytes_are_refused_with_the_same_exception_type(header, claims):
    is_answered(forged(header=header, claims=claims))
    is_answered(forged(claims=claims))


@given(st.integers(0, len(GOOD) - 1), st.characters(codec="ascii"))
def test_changing_any_letter_of_a_token_makes_it_invalid(place, letter):
    changed = GOOD[:place] + letter + GOOD[place + 1 :]
    if changed == GOOD:
        return
    with pytest.raises(jwt.TokenError):
        verify(changed)
