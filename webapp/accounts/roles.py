"""Roles. Which role includes which is in the table, with everything that follows from it in ``Role.closure``."""

import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from uuid import UUID

from sqlalchemy import ColumnElement, Dialect, Select, String, TypeDecorator, bindparam, delete, func, not_, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from webapp.accounts.models import Invitation, Role, User
from webapp.audit.log import Event, record
from webapp.core.clock import now
from webapp.core.humanize import humanize
from webapp.core.translation import _, _n, listed

# The built-in roles and what each always includes; otherwise nobody might be able to administer the site.
FIRST: Mapping[str, tuple[str, ...]] = {"user": (), "admin": ("user",), "super_admin": ("admin",)}
NAME = re.compile(r"[a-z][a-z0-9_]{1,19}")
CLOSURE_OF = select(Role.closure).where(Role.name == bindparam("name"))


class RoleUnfit(Exception):
    """The message is for whoever chose it."""


class RoleTaken(Exception):
    pass


class RoleCycle(Exception):
    """It would include itself; the message says on which way."""


class RoleInUse(Exception):
    """Somebody has it, is invited to it, or another role includes it; the message says which."""


class RoleGone(Exception):
    """There is no such role, or somebody removed it meanwhile; the message is its name."""


class NobodyLeft(Exception):
    """Nobody would be left who can let others in."""


def every(db: Session) -> Sequence[Role]:
    return db.scalars(select(Role).order_by(Role.name)).all()


def humblest_first(db: Session) -> list[Role]:
    return sorted(every(db), key=lambda role: (len(role.closure), role.name))


def find(db: Session, name: str) -> Role | None:
    return db.get(Role, name) if NAME.fullmatch(name) else None


def locked_role(db: Session, name: str) -> Role | None:
    """The same for whoever is about to give it: it stays until they are done."""
    return db.get(Role, name, with_for_update={"read": True, "key_share": True}) if NAME.fullmatch(name) else None


def included_in(db: Session, role: str) -> tuple[str, ...]:
    """Everything that a role may, the humblest first. Nothing for one that is not known."""
    return tuple(db.scalar(CLOSURE_OF, {"name": role}) or ()) if NAME.fullmatch(role) else ()


class Closure(TypeDecorator[tuple[str, ...]]):
    """``Role.closure`` as the standing reads it; nothing for a role that is not known."""

    impl = String
    cache_ok = True

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[str, ...]:  # noqa: ARG002 - SQLAlchemy's
        return closure_of(value)


@lru_cache(256)
def closure_of(stored: str | None) -> tuple[str, ...]:
    """The same few texts come with every request."""
    return tuple(json.loads(stored)) if stored else ()


def reaching(db: Session, role: str) -> list[str]:
    """The names of the roles that hold ``role``, itself among them."""
    return [found.name for found in every(db) if role in found.closure]


def add(db: Session, name: str, description: str, includes: Sequence[str], *, actor_id: UUID | None = None) -> Role:
    """
    Raises:
        RoleUnfit, RoleTaken, RoleCycle
    """
    if not NAME.fullmatch(name):
        raise RoleUnfit(_("Use 2 to 20 lower-case letters, digits and underscores, starting with a letter."))
    made = Role(name=name, description=description, includes=[], closure=[name])
    try:
        with db.begin_nested():
            db.add(made)
    except IntegrityError as error:
        raise RoleTaken(name) from error
    arrange(db, made, includes)
    record(db, Event.ROLE_MADE, actor_id=actor_id, role=name, includes=list(made.includes), description=description)
    return made


def edit(db: Session, role: Role, description: str, includes: Sequence[str], *, actor_id: UUID | None = None) -> None:
    """What it includes counts from the next request on, for everybody who has it.

    Raises:
        RoleGone, RoleUnfit, RoleCycle, NobodyLeft
    """
    hold(db, role)
    before = {"includes": list(role.includes), "description": role.description}
    role.description = description
    arrange(db, role, includes)
    if not keepers(db) and db.scalar(select(User.id).limit(1)) is not None:
        raise NobodyLeft
    after = {"includes": list(role.includes), "description": role.description}
    if after != before:
        record(db, Event.ROLE_EDITED, actor_id=actor_id, role=role.name, before=before, after=after)


def remove(db: Session, role: Role, *, actor_id: UUID | None = None) -> None:
    """
    Raises:
        RoleGone, RoleInUse
    """
    hold(db, role)
    if reason := why_it_stays(db, role):
        raise RoleInUse(reason)
    try:
        with db.begin_nested():
            db.execute(delete(Invitation).where(Invitation.role == role.name, over()))
            db.delete(role)
    except IntegrityError as error:
        # The foreign keys spoke: they see whoever is given it at this very moment.
        raise RoleInUse(_("It was just assigned to somebody or used in an invitation.")) from error
    before = {"includes": list(role.includes), "description": role.description}
    record(db, Event.ROLE_REMOVED, actor_id=actor_id, role=role.name, before=before)


def why_it_stays(db: Session, role: Role) -> str | None:
    """What keeps a role from being removed; nothing for one that is not in use."""
    if role.name in FIRST:
        return _("It is a built-in role.")
    if includers := [other.name for other in every(db) if role.name in other.includes]:
        names = listed(map(humanize, includers))
        return _n("%(roles)s includes it.", "%(roles)s include it.", len(includers), roles=names)
    if holders := db.scalar(select(func.count()).where(User.role == role.name)):
        return _n("%(num)s user has it.", "%(num)s users have it.", holders)
    if db.scalar(select(Invitation.id).where(Invitation.role == role.name, not_(over())).limit(1)) is not None:
        return _("Somebody is invited to it.")
    return None


def over() -> ColumnElement[bool]:
    """Of an invitation by which nobody comes any more."""
    is_used = Invitation.uses >= Invitation.most_uses
    return or_(is_used, Invitation.revoked_at.is_not(None), Invitation.expires_at <= now())


def hold(db: Session, role: Role) -> dict[str, Role]:
    """Every role as it is now, kept so: changes that are sound alone may not be sound together.

    Raises:
        RoleGone
    """
    # One lock for all, and only then a look: what waited for it in its first statement would not see what is new.
    db.execute(select(Role.name).where(Role.name == "super_admin").with_for_update(key_share=True))
    query = select(Role).order_by(Role.name).execution_options(populate_existing=True)
    everyone = {found.name: found for found in db.scalars(query)}
    if role.name not in everyone:
        raise RoleGone(role.name)
    return everyone


def arrange(db: Session, role: Role, includes: Sequence[str]) -> None:
    """Set what it includes, and what follows from that for all roles."""
    everyone = hold(db, role)
    if unknown := set(includes) - everyone.keys():
        raise RoleUnfit(_("Unknown role: %(roles)s.", roles=", ".join(sorted(unknown))))
    if missing := set(FIRST.get(role.name, ())) - set(includes):
        raise RoleUnfit(_("%(role)s always includes %(roles)s.", role=role.name, roles=", ".join(sorted(missing))))
    graph = {name: tuple(found.includes) for name, found in everyone.items()} | {
        role.name: tuple(sorted(set(includes)))
    }
    for name, closure in closures(graph).items():
        everyone[name].includes, everyone[name].closure = list(graph[name]), list(closure)
    db.flush()


def closures(graph: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """Everything that each role reaches, the humblest first, itself last.

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


def keeping(db: Session) -> Select[UUID]:
    """The ids of those who can let others in: super admins who are not disabled, closed or waiting to be verified."""
    is_here = User.disabled_at.is_(None), User.closes_at.is_(None), User.verification_required_at.is_(None)
    return select(User.id).where(User.role.in_(reaching(db, "super_admin")), *is_here)


def keepers(db: Session) -> set[UUID]:
    """The same, kept so in one order: the last two cannot be removed at the same moment."""
    return set(db.scalars(keeping(db).order_by(User.id).with_for_update(key_share=True)))
