"""What people say of themselves, and how they like pages."""

from dataclasses import dataclass
from functools import cache
from zoneinfo import available_timezones

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from webapp.accounts.models import User
from webapp.accounts.names import UserNameUnfit, checked_name, key_of
from webapp.accounts.registration import UserNameTaken, free_skeleton
from webapp.audit.log import Event, record
from webapp.core.combining_marks import STACKED, is_stacked
from webapp.web import i18n
from webapp.web.i18n import AUTOMATIC

LANGUAGES = {AUTOMATIC: "Same as my browser", **i18n.LANGUAGES}
THEMES = {"auto": "Same as my device", "light": "Light", "dark": "Dark"}
LONGEST_DISPLAY_NAME = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    username: str
    display_name: str | None
    language: str
    time_zone: str
    theme: str


@cache
def time_zones() -> tuple[str, ...]:
    """UTC first, then by continent and city; without the names of machines and of former times."""
    return ("UTC", *sorted(name for name in available_timezones() if "/" in name and not name.startswith("Etc/")))


def checked_display_name(name: str | None) -> str | None:
    """A name to be shown; nothing where it is blank.

    Raises:
        NameUnfit
    """
    name = " ".join((name or "").split(" ")).strip()
    if len(name) > LONGEST_DISPLAY_NAME:
        raise UserNameUnfit(f"At most {LONGEST_DISPLAY_NAME} characters.")
    # A line break would begin a header of a mail, a mark of direction turn the words beside it around.
    if not name.isprintable():
        raise UserNameUnfit("It contains characters that cannot be displayed.")
    if is_stacked(name):
        raise UserNameUnfit(STACKED)
    return name or None


def change(db: Session, user: User, wanted: Profile) -> str | None:
    """
    Returns:
        The former user name, if it is another now.

    Raises:
        NameTaken, NameUnfit
    """
    former = rename(db, user, wanted.username)
    rest = {field: getattr(wanted, field) for field in ("language", "time_zone", "theme")}
    rest["display_name"] = checked_display_name(wanted.display_name)
    before = {field: getattr(user, field) for field, value in rest.items() if getattr(user, field) != value}
    after = {field: rest[field] for field in before}
    for field, value in after.items():
        setattr(user, field, value)
    if after:
        record(db, Event.PROFILE_CHANGED, user_id=user.id, before=before, after=after)
    return former


def rename(db: Session, user: User, wanted: str) -> str | None:
    """
    Returns:
        The former user name, if it is another now.

    Raises:
        NameTaken, NameUnfit
    """
    former, name = user.username, checked_name(wanted)
    if name == former:
        return None
    if user.is_known_elsewhere:
        raise UserNameUnfit("Your user name is managed by your organisation. Change it there.")
    skeleton = free_skeleton(db, name, of=user.id)
    try:
        with db.begin_nested():
            user.username, user.username_key, user.username_skeleton = name, key_of(name), skeleton
    except IntegrityError as error:
        raise UserNameTaken(name) from error
    record(db, Event.USER_RENAMED, user_id=user.id, former=former, name=name)
    return former
