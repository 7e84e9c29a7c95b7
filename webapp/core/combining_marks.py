"""Combining marks: how many may stand on one letter (UTS #39 §5.4), and normalization whose cost is bounded."""

import unicodedata
from typing import Literal

from webapp.core.translation import _l

# UTS #39 §5.4: at most four nonspacing marks in a row. Tibetan stacks three, Thai and Hebrew two.
MOST_MARKS = 4
# Of those that go on any letter of any script; Vietnamese and IPA take two, and most of them compose.
MOST_GENERIC_MARKS = 2
STACKED = _l("It has too many accents on one letter.")
# Normalization sorts the marks of a letter, in quadratic time: 60 kB of them take ten seconds.
LONGEST_NORMALIZED = 1000


def normalized(form: Literal["NFC", "NFKC"], text: str) -> str:
    """``text`` in a normal form of UAX #15, or as it is where it is too long for anything that is compared."""
    return unicodedata.normalize(form, text) if len(text) <= LONGEST_NORMALIZED else text


def is_stacked(text: str) -> bool:
    """Whether some letter carries more marks, or one mark twice, than a language writes; or a mark has no letter.

    Stacked marks are drawn over the lines above and below, whatever the page.
    """
    marks = generic = 0
    before = ""
    for place, character in enumerate(normalized("NFC", text)):
        if unicodedata.category(character) not in ("Mn", "Me"):
            marks = generic = 0
        else:
            marks += 1
            generic += unicodedata.name(character, "").startswith("COMBINING")
            if place == 0 or character == before or marks > MOST_MARKS or generic > MOST_GENERIC_MARKS:
                return True
        before = character
    return False
