"""The profile of a user: names, language, time zone and theme."""

from dataclasses import dataclass
from functools import cache
from zoneinfo import available_timezones

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from webapp.accounts.models import User
from webapp.accounts.names import InvalidUserName, checked_name, normalized_key
from webapp.accounts.registration import UserNameTaken, free_skeleton
from webapp.audit.log import Event, record
from webapp.core.combining_marks import STACKED, is_stacked
from webapp.core.translation import _, _l
from webapp.web import i18n
from webapp.web.i18n import AUTOMATIC

LANGUAGES = {AUTOMATIC: _l("Same as my browser"), **i18n.LANGUAGES}
THEMES = {"auto": _l("Same as my device"), "light": _l("Light"), "dark": _l("Dark")}
LONGEST_DISPLAY_NAME = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What a user can change in the profile."""

    username: str
    display_name: str | None
    language: str
    time_zone: str
    theme: str


@cache
def time_zones() -> tuple[str, ...]:
    """IANA names of time zones: UTC, then the others by continent and city. Abbreviations and outdated names are left
    out."""
    return ("UTC", *sorted(name for name in available_timezones() if "/" in name and not name.startswith("Etc/")))


def checked_display_name(name: str | None) -> str | None:
    """Validate a display name.

    Returns:
        The name with single spaces; None if it is blank.

    Raises:
        InvalidUserName
    """
    name = " ".join((name or "").split(" ")).strip()
    if len(name) > LONGEST_DISPLAY_NAME:
        raise InvalidUserName(_("At most %(most)s characters.", most=LONGEST_DISPLAY_NAME))
    # A line break would start another header of a mail, and a bidirectional mark would reverse the text beside it.
    if not name.isprintable():
        raise InvalidUserName(_("It contains characters that cannot be displayed."))
    if is_stacked(name):
        raise InvalidUserName(STACKED)
    return name or None


def display_name_if_fit(name: str | None) -> str | None:
    """A display name from elsewhere; None if it cannot be one here, because its user can choose another afterwards."""
    try:
        return checked_display_name(name)
    except InvalidUserName:
        return None


def change(db: Session, user: User, desired: Profile) -> str | None:
    """Change the profile of a user and write its audit events.

    Returns:
        The previous user name, if it changed.

    Raises:
        UserNameTaken, InvalidUserName
    """
    former = rename(db, user, desired.username)
    values = {field: getattr(desired, field) for field in ("language", "time_zone", "theme")}
    values["display_name"] = checked_display_name(desired.display_name)
    before = {field: getattr(user, field) for field, value in values.items() if getattr(user, field) != value}
    after = {field: values[field] for field in before}
    for field, value in after.items():
        setattr(user, field, value)
    if after:
        record(db, Event.PROFILE_CHANGED, user_id=user.id, before=before, after=after)
    return former


def rename(db: Session, user: User, requested_name: str) -> str | None:
    """Change a user name.

    Returns:
        The previous user name, if it changed.

    Raises:
        UserNameTaken, InvalidUserName
    """
    former = user.username
    # One that an operator gave may be an e-mail address, which nobody chooses by themselves.
    if requested_name.strip() == former or (name := checked_name(requested_name)) == former:
        return None
    if user.has_external_identity:
        raise InvalidUserName(_("Your user name is managed by your organisation. Change it there."))
    skeleton = free_skeleton(db, name, of=user.id)
    try:
        with db.begin_nested():
            user.username, user.username_key, user.username_skeleton = name, normalized_key(name), skeleton
    except IntegrityError as error:
        raise UserNameTaken(name) from error
    record(db, Event.USER_RENAMED, user_id=user.id, former=former, name=name)
    return former
