"""Passphrases that everybody knows may not be chosen, however they are written; other words may."""

import pytest

from webapp.accounts import password_strength
from webapp.accounts.passwords import Passwords, RefusedPassword
from webapp.accounts.well_known_passphrases import PASSPHRASES, is_well_known

LISTED = PASSPHRASES.strip().splitlines()


def spellings(phrase):
    words = phrase.split()
    return {
        phrase,
        phrase.upper(),
        phrase.title(),
        "".join(words),
        "".join(word.title() for word in words),
        "-".join(words),
        "_".join(words),
        ". ".join(words) + "!",
        phrase + " 2026",
        "123" + phrase,
        phrase.replace("o", "0").replace("e", "3").replace("a", "@"),
        "".join(chr(ord(character) + 0xFEE0) if "!" <= character <= "~" else character for character in phrase),
    }


@pytest.mark.parametrize("phrase", LISTED)
def test_every_listed_passphrase_is_refused_in_every_spelling(phrase):
    assert [spelling for spelling in spellings(phrase) if not is_well_known(spelling)] == []


@pytest.mark.parametrize(
    "password",
    [
        pytest.param("correct horse battery staple", id="with spaces"),
        pytest.param("correcthorsebatterystaple", id="without"),
        pytest.param("Correct-Horse-Battery-Staple", id="with hyphens and capitals"),
        pytest.param("staple battery horse correct", id="in another order"),
        pytest.param("correct horse correct horse", id="half of it, twice"),
        pytest.param("c0rrect h0rse b@ttery st@p1e 1!", id="with signs for letters"),
        pytest.param("I-Am-Your-Father!", id="leaked without what is between its words"),
    ],
)
def test_a_well_known_passphrase_is_refused_despite_a_good_estimate(password):
    assert password_strength.estimate(password) >= 2
    with pytest.raises(RefusedPassword, match="attackers try it first"):
        Passwords(1, 15).check(password)


@pytest.mark.parametrize(
    "password",
    [
        "umbrella otter lantern",
        "another horse battery",
        "correct horse battery staple with kiwis in zuerich",
        "or is that the one to note",
        "to be honest this is the best of mine",
        "the moon in the water of the lake",
    ],
)
def test_other_passphrases_are_accepted(password):
    Passwords(1, 15).check(password)


def test_no_passphrase_is_listed_twice_or_out_of_order():
    assert sorted(set(LISTED)) == LISTED
