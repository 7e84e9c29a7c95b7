"""role: list, create, change and remove roles, by the rules of the admin pages."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
from sqlalchemy.orm import Session

from webapp.accounts import roles, user_counts
from webapp.accounts.models import Role
from webapp.accounts.role_closures import RoleCycle
from webapp.accounts.roles import FIRST, InvalidRole, NoSuperAdminLeft, RoleGone, RoleInUse, RoleTaken
from webapp.cli.commands import CommandGroup
from webapp.cli.context import CommandContext, pass_context
from webapp.cli.db_context import opened
from webapp.cli.errors import CommandRefused
from webapp.cli.output import as_json, print_json, print_note, print_table


@click.group("role", cls=CommandGroup)
def command() -> None:
    """Roles of this site.

    A user has one role, and a role includes others. A change applies from the next request of everybody who has the
    role. To give a user another role: user role.
    """


includes_option = click.option(
    "--includes", multiple=True, metavar="ROLE", help="A role that it includes; may be given several times."
)


@contextmanager
def refusals() -> Iterator[None]:
    """Turn what the rules of roles refuse into one sentence for the operator."""
    try:
        yield
    except RoleTaken as error:
        raise CommandRefused(f"A role {error} already exists.") from error
    except InvalidRole as error:
        raise click.UsageError(str(error)) from error
    except RoleCycle as error:
        raise CommandRefused(f"A role cannot include itself: {error}.") from error
    except RoleInUse as error:
        raise CommandRefused(f"The role cannot be removed. {error}") from error
    except RoleGone as error:
        raise CommandRefused(f"There is no role {error} any more.") from error
    except NoSuperAdminLeft as error:
        raise CommandRefused("Nobody would be super_admin any more. Give the role to another user first.") from error


def role_called(db: Session, name: str) -> Role:
    """The role with this name, which is what the command is about.

    Raises:
        CommandRefused
    """
    role = roles.find(db, name)
    if role is None:
        raise CommandRefused(
            f"There is no role {name}. Roles: {', '.join(role.name for role in roles.list_roles(db))}."
        )
    return role


@command.command("list")
@as_json
@pass_context
def list_(context: CommandContext, *, is_json: bool) -> None:
    """List all roles, those that include least first.

    \b
    Example:
      python -m webapp role list
    """
    with opened(context) as database, database.read() as db:
        found = [role_facts(db, role) for role in roles.lowest_first(db)]
    if is_json:
        print_json(found)
        return
    rows = [
        (str(role["name"]), " ".join(role["includes"]) or "-", str(role["users"]), str(role["description"]))
        for role in found
    ]
    print_table(("NAME", "INCLUDES", "USERS", "DESCRIPTION"), rows)


def role_facts(db: Session, role: Role) -> dict[str, Any]:
    return {
        "name": role.name,
        "description": role.description,
        "includes": list(role.includes),
        "closure": list(role.closure),
        "is_first": role.name in FIRST,
        "users": user_counts.count_with_role(db, role.name),
    }


@command.command("show")
@click.argument("role")
@as_json
@pass_context
def show(context: CommandContext, *, role: str, is_json: bool) -> None:
    """Show one role: what it includes, and how many users have it.

    \b
    Example:
      python -m webapp role show admin
    """
    with opened(context) as database, database.read() as db:
        found = role_facts(db, role_called(db, role))
        included_by = [name for name in roles.reaching(db, role) if name != role]
    if is_json:
        print_json(found | {"included_by": included_by})
        return
    facts = {
        "Name": found["name"],
        "Description": found["description"],
        "Includes": " ".join(name for name in found["closure"] if name != role) or "-",
        "Included by": " ".join(included_by) or "-",
        "Built-in": "yes" if found["is_first"] else "no",
        "Users": found["users"],
    }
    for label, value in facts.items():
        click.echo(f"{label:<12} {value}")


@command.command("create")
@click.argument("role")
@click.option("--description", required=True, help="What the role is for, in one line.")
@includes_option
@pass_context
def create(context: CommandContext, *, role: str, description: str, includes: tuple[str, ...]) -> None:
    """Create a role. Its name cannot be changed later.

    \b
    Example:
      python -m webapp role create editor --description "Writes and publishes articles." --includes user
    """
    with refusals(), opened(context) as database, database.write() as db:
        roles.add(db, role, description, includes)
    print_note(f"The role {role} was created.")


@command.command("edit")
@click.argument("role")
@click.option("--description", help="What the role is for, in one line.")
@includes_option
@click.option("--includes-nothing", is_flag=True, help="It includes no other role any more.")
@pass_context
def edit(
    context: CommandContext, *, role: str, description: str | None, includes: tuple[str, ...], includes_nothing: bool
) -> None:
    """Change the description of a role, or all roles that it includes; what is not given stays.

    \b
    Example:
      python -m webapp role edit editor --includes user --includes translator
    """
    if includes and includes_nothing:
        raise click.UsageError("Give --includes or --includes-nothing, not both.")
    if description is None and not includes and not includes_nothing:
        raise click.UsageError("Give --description, --includes or --includes-nothing.")
    with refusals(), opened(context) as database, database.write() as db:
        found = role_called(db, role)
        former_includes = () if includes_nothing else tuple(found.includes)
        roles.edit(db, found, found.description if description is None else description, includes or former_includes)
    print_note(f"The role {role} was changed.")


@command.command("remove")
@click.argument("role")
@pass_context
def remove(context: CommandContext, *, role: str) -> None:
    """Remove a role that nobody has, no invitation gives and no other role includes.

    \b
    Example:
      python -m webapp role remove editor
    """
    with refusals(), opened(context) as database, database.write() as db:
        roles.remove(db, role_called(db, role))
    print_note(f"The role {role} was removed.")
