"""Passwords in one form, however a device composes their characters: OpaqueString of RFC 8265 §4.2."""

from contextlib import suppress

from precis_i18n import get_profile

from webapp.core.combining_marks import LONGEST_NORMALIZED

PROFILE = get_profile("OpaqueString")
LONGEST = 256
"""Characters of a normalized password. What is typed may be longer: a decomposed syllable of Hangul has three."""
LONGEST_TYPED = LONGEST_NORMALIZED


class CharacterDisallowed(Exception):
    """A control, invisible or unassigned character, which another device or Unicode release may treat differently."""

    def __init__(self, character: str) -> None:
        super().__init__(f"U+{ord(character):04X}")


def normalized_password(typed: str) -> str:
    """The form that is hashed: composed (NFC), with every kind of space as an ordinary one; letter case and width stay.

    Args:
        typed: at most ``LONGEST_TYPED`` characters.

    Raises:
        CharacterDisallowed
    """
    if not typed:
        return typed
    try:
        return str(PROFILE.enforce(typed))
    except UnicodeEncodeError as error:
        raise CharacterDisallowed(str(error.object)[error.start]) from error


def compared_forms(typed: str) -> list[str]:
    """What a hash is compared with: the normalized form, and what was typed where that differs.

    Hashes from before passwords were normalized are of what was typed. How many forms there are depends on what was
    typed alone, never on the account.
    """
    forms = [typed]
    if len(typed) <= LONGEST_TYPED:
        # No password that was chosen since then has a disallowed character; an older one may.
        with suppress(CharacterDisallowed):
            forms.insert(0, normalized_password(typed))
    fitting = [form for form in dict.fromkeys(forms) if len(form) <= LONGEST]
    return fitting or [""]
