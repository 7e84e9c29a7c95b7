"""Roles: create, edit and remove them, with everything that they include directly or indirectly in ``Role.closure``."""

import re
from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, Select, bindparam, delete, exists, func, not_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import InstrumentedAttribute, Session

from webapp.accounts import role_closures, service_rules
from webapp.accounts.invitation_state import is_unusable_invitation
from webapp.accounts.models import Invitation, Role, ServiceAccount, User
from webapp.audit.log import Event, record
from webapp.core.combining_marks import STACKED, is_stacked
from webapp.core.humanize import humanize
from webapp.core.translation import _, _n, listed

# The built-in roles and what each always includes; without these the site might have no administrator.
FIRST: Mapping[str, tuple[str, ...]] = {"user": (), "admin": ("user",), "super_admin": ("admin",)}
LONGEST_DESCRIPTION = 200
NAME = re.compile(r"[a-z][a-z0-9_]{1,19}")
CLOSURE_OF = select(Role.closure).where(Role.name == bindparam("name"))


class InvalidRole(Exception):
    """Name or description is not accepted. The message is for the person who entered it."""


class RoleTaken(Exception):
    """There is a role of this name already."""


class RoleInUse(Exception):
    """The role is assigned, used in an invitation or included in another role. The message says which."""


class RoleGone(Exception):
    """There is no such role, or it was removed meanwhile. The message is its name."""


class NoSuperAdminLeft(Exception):
    """The change would leave the site without an active super admin."""


def list_roles(db: Session) -> Sequence[Role]:
    """All roles by name."""
    return db.scalars(select(Role).order_by(Role.name)).all()


def lowest_first(db: Session) -> list[Role]:
    """All roles; each comes after those that it includes."""
    return sorted(list_roles(db), key=lambda role: (len(role.closure), role.name))


def find(db: Session, name: str) -> Role | None:
    return db.get(Role, name) if NAME.fullmatch(name) else None


def locked_role(db: Session, name: str) -> Role | None:
    """``find``, with a lock until the transaction ends, for assigning the role."""
    return db.get(Role, name, with_for_update={"read": True, "key_share": True}) if NAME.fullmatch(name) else None


def included_in(db: Session, role: str) -> tuple[str, ...]:
    """All roles that a role includes, itself among them, lowest first; empty for an unknown role."""
    return tuple(db.scalar(CLOSURE_OF, {"name": role}) or ()) if NAME.fullmatch(role) else ()


def reaching(db: Session, role: str) -> list[str]:
    """Names of the roles that include ``role`` directly or indirectly, itself among them."""
    return [found.name for found in list_roles(db) if role in found.closure]


def add(db: Session, name: str, description: str, includes: Sequence[str], *, actor_id: UUID | None = None) -> Role:
    """Create a role.

    Args:
        includes: names of the roles that it includes directly.

    Raises:
        InvalidRole, RoleTaken, RoleCycle
    """
    if not NAME.fullmatch(name):
        raise InvalidRole(_("Use 2 to 20 lower-case letters, digits and underscores, starting with a letter."))
    description = checked_description(description)
    role = Role(name=name, description=description, includes=[], closure=[name])
    try:
        with db.begin_nested():
            db.add(role)
    except IntegrityError as error:
        raise RoleTaken(name) from error
    set_includes(db, role, includes)
    record(db, Event.ROLE_MADE, actor_id=actor_id, role=name, includes=list(role.includes), description=description)
    return role


def edit(db: Session, role: Role, description: str, includes: Sequence[str], *, actor_id: UUID | None = None) -> None:
    """Change a role. Effective with the next request of everybody who has it.

    Args:
        includes: names of the roles that it includes directly.

    Raises:
        RoleGone, InvalidRole, RoleCycle, NoSuperAdminLeft
    """
    lock_all(db, role)
    before = {"includes": list(role.includes), "description": role.description}
    role.description = checked_description(description)
    set_includes(db, role, includes)
    if not locked_super_admins(db) and db.scalar(select(User.id).limit(1)) is not None:
        raise NoSuperAdminLeft
    service_rules.recheck(db)
    after = {"includes": list(role.includes), "description": role.description}
    if after != before:
        record(db, Event.ROLE_EDITED, actor_id=actor_id, role=role.name, before=before, after=after)


def checked_description(text: str) -> str:
    """One line of printable text; ``InvalidRole`` otherwise."""
    if not (text := text.strip()):
        raise InvalidRole(_("Enter a description."))
    if len(text) > LONGEST_DESCRIPTION:
        raise InvalidRole(_("At most %(most)s characters.", most=LONGEST_DESCRIPTION))
    if not text.isprintable():
        raise InvalidRole(_("Enter one line of printable text."))
    if is_stacked(text):
        raise InvalidRole(STACKED)
    return text


def remove(db: Session, role: Role, *, actor_id: UUID | None = None) -> None:
    """Remove a role that is not in use.

    Raises:
        RoleGone, RoleInUse
    """
    lock_all(db, role)
    if reason := why_not_removable(db, role):
        raise RoleInUse(reason)
    try:
        with db.begin_nested():
            db.execute(delete(Invitation).where(Invitation.role == role.name, is_unusable_invitation()))
            db.delete(role)
    except IntegrityError as error:
        # The foreign keys also see a concurrent assignment.
        raise RoleInUse(_("It was just assigned to somebody or used in an invitation.")) from error
    before = {"includes": list(role.includes), "description": role.description}
    record(db, Event.ROLE_REMOVED, actor_id=actor_id, role=role.name, before=before)


def why_not_removable(db: Session, role: Role) -> str | None:
    """Why a role cannot be removed; None if it is not in use."""
    if role.name in FIRST:
        return _("It is a built-in role.")
    if includers := [other.name for other in list_roles(db) if role.name in other.includes]:
        names = listed(map(humanize, includers))
        return _n("%(roles)s includes it.", "%(roles)s include it.", len(includers), roles=names)
    if holders := db.scalar(select(func.count()).where(User.role == role.name)):
        return _n("%(num)s user has it.", "%(num)s users have it.", holders)
    if owned := db.scalar(select(func.count()).where(ServiceAccount.owner_role == role.name)):
        return _n("It owns %(num)s service account.", "It owns %(num)s service accounts.", owned)
    if (
        db.scalar(select(Invitation.id).where(Invitation.role == role.name, not_(is_unusable_invitation())).limit(1))
        is not None
    ):
        return _("Somebody is invited to it.")
    return None


def lock_all(db: Session, role: Role) -> dict[str, Role]:
    """Lock all roles and read them again, because two changes that are valid alone may not be valid together.

    Returns:
        Roles by name.

    Raises:
        RoleGone: ``role`` was removed meanwhile.
    """
    # One lock for all, and only then a SELECT: the statement that waited for the lock would not see new rows.
    role_closures.lock(db)
    query = select(Role).order_by(Role.name).execution_options(populate_existing=True)
    roles_by_name = {each.name: each for each in db.scalars(query)}
    if role.name not in roles_by_name:
        raise RoleGone(role.name)
    return roles_by_name


def set_includes(db: Session, role: Role, includes: Sequence[str]) -> None:
    """Set what a role includes, and recompute the closures of all roles."""
    roles_by_name = lock_all(db, role)
    if unknown := set(includes) - roles_by_name.keys():
        raise InvalidRole(_("Unknown role: %(roles)s.", roles=", ".join(sorted(unknown))))
    if missing := set(FIRST.get(role.name, ())) - set(includes):
        raise InvalidRole(_("%(role)s always includes %(roles)s.", role=role.name, roles=", ".join(sorted(missing))))
    graph = {name: tuple(each.includes) for name, each in roles_by_name.items()} | {
        role.name: tuple(sorted(set(includes)))
    }
    for name, closure in role_closures.closures(graph).items():
        roles_by_name[name].includes, roles_by_name[name].closure = list(graph[name]), list(closure)
    db.flush()


def has_one_of(user_id: InstrumentedAttribute[UUID], roles: Collection[str]) -> ColumnElement[bool]:
    """Whether a user has one of these roles, as an SQL condition; False for one who does not exist any more."""
    return exists().where(User.id == user_id, User.role.in_(roles))


def is_active(user_id: InstrumentedAttribute[UUID]) -> ColumnElement[bool]:
    """Whether an account exists and is neither disabled nor closed, as an SQL condition."""
    return exists().where(User.id == user_id, User.disabled_at.is_(None), User.closes_at.is_(None))


def active_super_admins(db: Session) -> Select[UUID]:
    """Query of the ids of active super admins: not disabled, closed or unverified, and able to log in."""
    is_here = (
        User.is_service.is_(False),
        User.disabled_at.is_(None),
        User.closes_at.is_(None),
        User.verification_required_at.is_(None),
    )
    return select(User.id).where(User.role.in_(reaching(db, "super_admin")), *is_here)


def locked_super_admins(db: Session) -> set[UUID]:
    """Ids of active super admins, locked in one order so that the last two cannot be removed at the same moment."""
    return set(db.scalars(active_super_admins(db).order_by(User.id).with_for_update(key_share=True)))
