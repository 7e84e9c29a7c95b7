"""User names and e-mail addresses: how they are compared, and which are accepted."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

import idna
from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email
from precis_i18n import get_profile

from webapp.core.combining_marks import STACKED, is_stacked, normalized
from webapp.core.translation import _, _l, listed

LONGEST = 50
LONGEST_EMAIL = 320
BETWEEN = "._-"
# RFC 8265: preparation of user names.
PROFILE = get_profile("UsernameCaseMapped")
# Scripts that are written together in one language (UTS #39 §5.1, "highly restrictive").
TOGETHER = ({"CJK", "HIRAGANA", "KATAKANA"}, {"CJK", "HANGUL"}, {"CJK", "BOPOMOFO"})
# Letters that look like Latin ones. A name of nothing else could be mistaken for a Latin name (UTS #39 §4).
DISGUISES = frozenset("асеорхуіјѕһԁԛԝҽӏАВЕКМНОРСТХУІЈЅԌԚԜονιαρυχκΑΒΕΖΗΙΚΜΝΟΡΤΥΧօսհոգց")

SCRIPTS = {"LATIN": _l("latin"), "CYRILLIC": _l("cyrillic"), "GREEK": _l("greek")}
"""Names of the scripts that are mixed most often; others are shown with their name in Unicode."""

# Domains that ``email_validator`` refuses. Exceptions can only be made by changing its list.
SPECIAL = tuple(SPECIAL_USE_DOMAIN_NAMES)


@dataclass(slots=True)
class Accepted:
    """Options of this site for user names."""

    email_user_names: bool = False


accepted = Accepted()


class InvalidUserName(Exception):
    """The user name is not accepted. The message is for the person who chose it."""


class InvalidEmail(Exception):
    """The e-mail address is not accepted. The message is for the person who typed it."""


def normalized_key(text: str) -> str:
    """Normalize a name for comparison: without differences of case, width or composition (UAX #15 NFKC, UAX #21)."""
    return normalized("NFKC", normalized("NFKC", text).casefold()).strip()


def identifier_key(text: str) -> str:
    """``normalized_key`` for a typed user name or e-mail address, whose domain may be written as ``xn--…``."""
    key = normalized_key(text)
    local, at, domain = key.rpartition("@")
    if not at or "xn--" not in domain:
        return key
    try:
        return normalized_key(f"{local}@{idna.decode(domain)}")
    except (idna.IDNAError, UnicodeError):
        return key


def checked_name(name: str, *, may_be_email: bool = False) -> str:
    """Validate a user name.

    Args:
        may_be_email: whether it may be an e-mail address, where the site has such user names
            (``WEBAPP_EMAIL_USER_NAMES``). Not for people who choose their own name: they could take somebody else's.

    Returns:
        The name in NFC, without surrounding spaces.

    Raises:
        InvalidUserName: it is too long, not a user name by RFC 8265, or could be mistaken for another.
    """
    if may_be_email and "@" in name and accepted.email_user_names:
        return checked_email_name(name)
    name = normalized("NFC", name.strip())
    if not 1 <= len(name) <= LONGEST:
        raise InvalidUserName(_("A user name must have 1 to %(most)s characters.", most=LONGEST))
    if is_stacked(name):
        raise InvalidUserName(STACKED)
    if normalized("NFKC", name) != name:
        raise InvalidUserName(_("It contains characters that look like other characters. Use plain letters."))
    if not is_plain(name):
        raise InvalidUserName(_("Use letters and digits, with dots, dashes and underscores between them."))
    try:
        PROFILE.enforce(name)
    except UnicodeEncodeError as error:
        raise InvalidUserName(
            _("It contains characters that some systems treat as the same. Use other letters.")
        ) from error
    refuse_confusable(name)
    return name


def checked_email_name(name: str) -> str:
    """Validate a user name that is an e-mail address.

    Raises:
        InvalidUserName
    """
    try:
        email = checked_email(name)
    except InvalidEmail as error:
        raise InvalidUserName(str(error)) from error
    if len(email) > LONGEST:
        raise InvalidUserName(_("A user name must have 1 to %(most)s characters.", most=LONGEST))
    return email


def is_plain(name: str) -> bool:
    is_each_allowed = all(
        character.isalnum() or unicodedata.category(character)[0] == "M" or character in BETWEEN for character in name
    )
    return is_each_allowed and name[0].isalnum() and name[-1] not in BETWEEN


def refuse_confusable(name: str) -> None:
    """Refuse a user name that mixes scripts or imitates Latin letters (Unicode TS 39, homographs).

    Raises:
        InvalidUserName: the letters come from scripts that are not written together, or all look like Latin letters.
    """
    letters = [character for character in name if character.isalpha()]
    scripts = {script_of(character) for character in letters}
    if len(scripts) > 1 and not any(scripts <= together for together in TOGETHER):
        raise InvalidUserName(
            _(
                "It mixes %(scripts)s letters, so it could be mistaken for another name.",
                scripts=listed(SCRIPTS.get(script, script.lower()) for script in sorted(scripts)),
            )
        )
    if letters and DISGUISES.issuperset(letters):
        raise InvalidUserName(_("It looks like a name in Latin letters. Use Latin letters, or choose another name."))


def script_of(character: str) -> str:
    """The first word of a letter's Unicode name is its script: LATIN, CYRILLIC, GREEK."""
    return unicodedata.name(character, "UNKNOWN").split()[0]


def configure(domains: Iterable[str], *, email_user_names: bool) -> None:
    """Set the options of this site for names; called once when the application is created.

    Args:
        domains: reserved domains that this site uses in e-mail addresses.
        email_user_names: whether operators may give user names that are e-mail addresses.
    """
    accepted.email_user_names = email_user_names
    own_domains = {domain.lower().strip(".") for domain in domains}
    SPECIAL_USE_DOMAIN_NAMES[:] = [name for name in SPECIAL if name not in own_domains]


def checked_email(email: str) -> str:
    """Validate an e-mail address. Whether it exists is not checked.

    Returns:
        The e-mail address in its normal form.

    Raises:
        InvalidEmail
    """
    if len(email) > LONGEST_EMAIL or is_stacked(email):
        raise InvalidEmail(_("This is not a valid e-mail address."))
    try:
        return validate_email(with_plain_letters(email.strip()), check_deliverability=False).normalized
    except EmailNotValidError as error:
        raise InvalidEmail(why_unfit(email.strip())) from error


def with_plain_letters(email: str) -> str:
    """A local part of full-width or other compatibility forms in ASCII, as the mailbox is called (UAX #15 NFKC).

    Letters outside ASCII stay: another mail server may take them for another mailbox.
    """
    local, at, domain = email.replace("＠", "@").rpartition("@")
    plain = normalized("NFKC", local)
    return f"{plain if plain.isascii() else local}{at}{domain}"


def why_unfit(email: str) -> str:
    """Why ``email_validator`` refuses an e-mail address, translated. The library's own messages are English."""
    domain = email.rpartition("@")[2].lower()
    if "@" not in email:
        return _("An e-mail address must contain an @ sign.")
    if any(f".{domain}".endswith(f".{reserved}") for reserved in SPECIAL_USE_DOMAIN_NAMES):
        return _("E-mail addresses at reserved domains such as %(domain)s cannot be used.", domain=domain)
    if "." not in domain:
        return _("The part after the @ sign must contain a dot, as in example.com.")
    return _("This is not a valid e-mail address.")
