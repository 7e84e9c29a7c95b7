"""Who may use an app beside the users with its roles: single users, by their ids."""

from dataclasses import replace
from typing import TypeVar

from sqlalchemy.orm import Session

from webapp.accounts.user_ids import UnknownPeople, ids_of
from webapp.oauth.client_settings import ClientSettings, InvalidClientSettings

S = TypeVar("S", bound=ClientSettings)


def with_ids(db: Session, desired: S) -> S:
    """The settings with the ids of the people whom they name.

    Raises:
        InvalidClientSettings: somebody does not exist.
    """
    try:
        return replace(desired, people=ids_of(db, desired.people))
    except UnknownPeople as error:
        raise InvalidClientSettings(str(error)) from error
