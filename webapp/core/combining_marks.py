"""Combining marks: limits per letter (UTS #39 §5.4), and normalization with bounded cost."""

import unicodedata
from typing import Literal

from webapp.core.translation import _l

# UTS #39 §5.4: at most four nonspacing marks in a row. Tibetan stacks three, Thai and Hebrew two.
MAX_MARKS = 4
# For marks that combine with letters of any script; Vietnamese and IPA use two, and most of these compose.
MAX_GENERIC_MARKS = 2
STACKED = _l("It has too many accents on one letter.")
# Normalization sorts the marks of a letter in quadratic time: 60 kB of marks take ten seconds.
LONGEST_NORMALIZED = 1000


def normalized(form: Literal["NFC", "NFKC"], text: str) -> str:
    """``text`` in a normal form of UAX #15; unchanged if it is longer than any text that is compared."""
    return unicodedata.normalize(form, text) if len(text) <= LONGEST_NORMALIZED else text


def is_stacked(text: str) -> bool:
    """Whether a letter has more marks than any language uses, or the same mark twice, or a mark has no letter.

    Stacked marks are drawn over the lines above and below.
    """
    marks = generic = 0
    before = ""
    for place, character in enumerate(normalized("NFC", text)):
        if unicodedata.category(character) not in ("Mn", "Me"):
            marks = generic = 0
        else:
            marks += 1
            generic += unicodedata.name(character, "").startswith("COMBINING")
            if place == 0 or character == before or marks > MAX_MARKS or generic > MAX_GENERIC_MARKS:
                return True
        before = character
    return False
