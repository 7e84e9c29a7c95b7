"""Names and addresses: how they are compared, and which may be taken."""

import re
import unicodedata

from email_validator import EmailNotValidError, validate_email

NAME = re.compile(r"[^\W_](?:[\w.-]*[^\W_])?")
LONGEST = 50


class NameUnfit(Exception):
    """The message is for the person who chose it."""


class AddressUnfit(Exception):
    """The message is for the person who typed it."""


def key_of(text: str) -> str:
    """As names are compared: without case, width or composition (UAX #15 NFKC, UAX #21)."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).strip()


def checked_name(name: str) -> str:
    """A name as it may be taken.

    Raises:
        NameUnfit: it is too long, holds something else than letters and digits, or could be read as another.
    """
    name = unicodedata.normalize("NFC", name.strip())
    if not 1 <= len(name) <= LONGEST:
        raise NameUnfit(f"A name has 1 to {LONGEST} characters.")
    if not NAME.fullmatch(name):
        raise NameUnfit("Letters and digits, with dots, dashes and underscores between them.")
    if unicodedata.normalize("NFKC", name) != name:
        raise NameUnfit("It holds characters that only look like others. Type it plainly.")
    if len(scripts := {script_of(character) for character in name if character.isalpha()}) > 1:
        raise NameUnfit(f"It mixes {' and '.join(sorted(scripts)).lower()} letters, which can be read as another name.")
    return name


def script_of(character: str) -> str:
    """The first word of a letter's Unicode name is its script: LATIN, CYRILLIC, GREEK."""
    return unicodedata.name(character, "UNKNOWN").split()[0]


def checked_address(address: str) -> str:
    """An e-mail address in its normal form; nobody is asked whether it exists.

    Raises:
        AddressUnfit
    """
    try:
        return validate_email(address.strip(), check_deliverability=False).normalized
    except EmailNotValidError as error:
        raise AddressUnfit(str(error)) from error
