"""checked_name(): which names tokens may have."""

from webapp.core.combining_marks import STACKED, is_stacked
from webapp.core.translation import _

SHORTEST, LONGEST = 3, 50


class InvalidTokenName(Exception):
    """The name is not allowed; the message is for the user."""


def checked_name(name: str) -> str:
    """``name`` without surrounding white space.

    Raises:
        InvalidTokenName
    """
    name = name.strip()
    if not SHORTEST <= len(name) <= LONGEST or not name.isprintable():
        raise InvalidTokenName(
            _(
                "A token's name must have %(shortest)s to %(longest)s printable characters.",
                shortest=SHORTEST,
                longest=LONGEST,
            )
        )
    if is_stacked(name):
        raise InvalidTokenName(STACKED)
    return name
