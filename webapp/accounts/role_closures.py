"""Closures of roles: all roles that each includes, and the lock that keeps them as they are."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.accounts.models import Role
from webapp.core.translation import _


class RoleCycle(Exception):
    """The role would include itself. The message shows the path."""


def administers_users(closure: Collection[str]) -> bool:
    """Whether a role administers other users.

    Args:
        closure: all roles that the role includes, itself among them.
    """
    return "admin" in closure


def lock(db: Session) -> None:
    """Keep the roles of everybody as they are until the transaction ends, for a check that depends on several of them.

    To be taken before locks of users, in whatever order those follow.
    """
    # FOR NO KEY UPDATE: assigning the role by a foreign key does not wait.
    db.execute(select(Role.name).where(Role.name == "super_admin").with_for_update(key_share=True))


def current(db: Session) -> dict[str, frozenset[str]]:
    """The closure of each role by its name."""
    # Columns instead of objects, which could have been loaded before the lock.
    return {found.name: frozenset(found.closure) for found in db.execute(select(Role.name, Role.closure))}


def closures(graph: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """Compute the closure of each role: everything that it includes, lowest first, itself last.

    Raises:
        RoleCycle
    """
    found: dict[str, tuple[str, ...]] = {}

    def reach(name: str, way: tuple[str, ...]) -> tuple[str, ...]:
        if name in way:
            # Translators: between two roles, the first of which includes the second.
            verb = _("includes")
            raise RoleCycle(f" {verb} ".join([*way[way.index(name) :], name]))
        if name not in found:
            parts = [reached for part in graph[name] for reached in reach(part, (*way, name))]
            found[name] = (*dict.fromkeys(parts), name)
        return found[name]

    for name in graph:
        reach(name, ())
    return found
