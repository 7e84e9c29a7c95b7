"""Who may use an app beside the users with its roles: single users, by their ids."""

from dataclasses import replace
from typing import TypeVar

from sqlalchemy.orm import Session

from webapp.accounts.user_ids import UnknownPeople, ids_of
from webapp.oauth.client_settings import ClientSettings, ClientUnfit

S = TypeVar("S", bound=ClientSettings)


def with_ids(db: Session, wish: S) -> S:
    """The settings with the ids of the people whom they name.

    Raises:
        ClientUnfit: somebody does not exist.
    """
    try:
        return replace(wish, people=ids_of(db, wish.people))
    except UnknownPeople as error:
        raise ClientUnfit(str(error)) from error
