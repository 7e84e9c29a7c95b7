"""Who may use an app beside the users with its roles: single users, by their ids."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TypeVar
from uuid import UUID

from sqlalchemy.orm import Session

from webapp.accounts import user_queries
from webapp.core.translation import _
from webapp.oauth.client_settings import ClientSettings, ClientUnfit

S = TypeVar("S", bound=ClientSettings)


def with_ids(db: Session, wish: S) -> S:
    """The settings with the ids of the people whom they name.

    Raises:
        ClientUnfit: somebody does not exist.
    """
    return replace(wish, people=ids_of(db, wish.people))


def ids_of(db: Session, names: Iterable[str]) -> list[str]:
    """
    Args:
        names: user names or e-mail addresses. The id of an account that was deleted stays, as otherwise an app for
            that person alone would be for everybody.

    Raises:
        ClientUnfit
    """
    found, unknown = dict[str, None](), list[str]()
    for name in names:
        user = None if is_id(name) else user_queries.by_name_or_email(db, name)
        if is_id(name):
            found[name] = None
        elif user is None or user.is_service:
            unknown.append(name)
        else:
            found[str(user.id)] = None
    if unknown:
        raise ClientUnfit(_("There are no users with these names: %(names)s.", names=", ".join(unknown)))
    return list(found)


def names_of(db: Session, ids: Sequence[str]) -> list[str]:
    """User names; of an account that was deleted its id."""
    if not ids:
        return []
    names = user_queries.names_of(db, [UUID(one) for one in ids])
    return [names.get(UUID(one), one) for one in ids]


def is_id(name: str) -> bool:
    try:
        return str(UUID(name)) == name
    except ValueError:
        return False
