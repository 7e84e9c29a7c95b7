"""Password strength: a list of leaked passwords, and an estimate by zxcvbn."""

from collections.abc import Iterable
from typing import Any

from webapp.accounts.leaked_passwords import is_listed
from webapp.accounts.names import normalized_key
from webapp.core.lazy_import import lazily
from webapp.core.translation import _l

# The list of leaked passwords has no shorter ones; these are estimated by zxcvbn.
SHORTEST_BREACHED = 10
# zxcvbn's boundary between "very guessable" and "somewhat guessable".
EASILY_GUESSED = 10**6
# zxcvbn tries every combination of letters that l33t characters may stand for: 72 characters with all of them took 2 to
# 9 seconds, in Rust as in Python. A longer password, or one with more kinds of such characters, is only harder to guess
# than the part that is estimated. With these limits the worst case found takes 14 ms.
LONGEST_ESTIMATED = 32
MAX_KINDS_OF_SIGNS = 2
# Up to this length all kinds together cost less than a millisecond.
LONGEST_JUDGED_WHOLE = 12
# L33t characters that are not digits. Digits also occur in dates, and alone they are cheap.
SIGNS = frozenset('@({[<&#!/|$+%"*')
# Replaces l33t characters over the limit; zxcvbn does not take it for a letter.
ANY_SIGN = "~"
LABELS = (_l("Very weak."), _l("Weak."), _l("Fair."), _l("Strong."), _l("Very strong."))


def is_breached(password: str) -> bool:
    """Whether a password is on the list of leaked passwords, as it is or in lower case without punctuation.

    The list is local; nothing is sent.
    """
    spellings = {password, "".join(filter(str.isalnum, normalized_key(password)))}
    return any(len(spelling) >= SHORTEST_BREACHED and is_listed(spelling) for spelling in spellings)


def is_easily_guessed(password: str) -> bool:
    """Whether a short password is a common one, a word, a name, a date or a pattern (800-63B §3.1.1.2)."""
    return len(password) < SHORTEST_BREACHED and int(guessed(password).guesses) < EASILY_GUESSED


def estimate(password: str, context_words: Iterable[str] = ()) -> int:
    """How hard a password is to guess, from 0 (at once) to 4.

    Args:
        context_words: words that an attacker would try first, such as the user name.
    """
    return int(guessed(password, context_words).score)


def guessed(password: str, context_words: Iterable[str] = ()) -> Any:
    """The result of zxcvbn, which has no type stubs; its running time is limited for any input."""
    shortened_words = [word[:LONGEST_ESTIMATED] for word in context_words]
    return lazily("zxcvbn_rs_py").zxcvbn(shortened(password), shortened_words)


def shortened(password: str) -> str:
    """The first ``LONGEST_ESTIMATED`` characters, with at most ``MAX_KINDS_OF_SIGNS`` kinds of l33t characters."""
    if len(password) <= LONGEST_JUDGED_WHOLE:
        return password
    start = password[:LONGEST_ESTIMATED]
    kinds = list(dict.fromkeys(sign for sign in start if sign in SIGNS))
    return start.translate({ord(sign): ANY_SIGN for sign in kinds[MAX_KINDS_OF_SIGNS:]})
