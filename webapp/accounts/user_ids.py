"""User names that are entered in the settings of apps, and the user ids that are stored for them."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from webapp.accounts import user_queries
from webapp.core.translation import _


class UnknownPeople(Exception):
    """Some user names have no account. The message is for the person who entered them."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(_("There are no users with these names: %(names)s.", names=", ".join(names)))
        self.names = names


def ids_of(db: Session, names: Iterable[str]) -> list[str]:
    """Resolve user names and e-mail addresses to user ids, each once, in their order.

    Args:
        names: user names or e-mail addresses. The id of an account that was deleted stays, as otherwise an app for
            that person alone would be for everybody.

    Raises:
        UnknownPeople
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
        raise UnknownPeople(unknown)
    return list(found)


def shown_names(db: Session, ids: Sequence[str]) -> list[str]:
    """The user names for stored ids; for a deleted account its id."""
    if not ids:
        return []
    names = user_queries.names_of(db, [UUID(one) for one in ids])
    return [names.get(UUID(one), one) for one in ids]


def is_id(name: str) -> bool:
    try:
        return str(UUID(name)) == name
    except ValueError:
        return False
