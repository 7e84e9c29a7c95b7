"""user add-service, services, hand-over: accounts for scripts, which cannot log in and belong to a person or a role."""

import click
from sqlalchemy.orm import Session

from webapp.accounts import deactivation_effects, service_accounts, service_queries
from webapp.accounts.deactivation_effects import DeactivationEffects
from webapp.accounts.models import User
from webapp.accounts.names import InvalidUserName
from webapp.accounts.registration import UserNameTaken
from webapp.accounts.service_accounts import LONGEST_PURPOSE
from webapp.accounts.service_rules import InvalidServiceOwner, Owner
from webapp.cli.commands import Command
from webapp.cli.context import CommandContext, pass_context
from webapp.cli.db_context import opened
from webapp.cli.errors import CommandRefused
from webapp.cli.lookups import role_named, user_named
from webapp.cli.output import as_json, moment, print_json, print_note, print_table
from webapp.core.combining_marks import is_stacked
from webapp.credentials.live_counts import live_counts


def one_line(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    if value is None:
        return None
    if not 3 <= len(value) <= LONGEST_PURPOSE or not value.isprintable() or is_stacked(value):
        raise click.BadParameter(f"must be one line of 3 to {LONGEST_PURPOSE} characters")
    return value


def owner_named(db: Session, name: str | None, role: str | None) -> Owner:
    """The owner that --owner or --owner-role names.

    Raises:
        UsageError: neither or both are given.
    """
    if (name is None) == (role is None):
        raise click.UsageError("Give one owner: a user, or a role.")
    return Owner(user_named(db, name)) if name is not None else Owner(role=role_named(db, role or "").name)


@click.command("add-service", cls=Command)
@click.argument("name")
@click.option("--owner", help="User who owns it.")
@click.option("--owner-role", help="Role whose users own it together, instead of one user.")
@click.option("--role", default="user", show_default=True, help="Role of the service account; its owner must have it.")
@click.option("--purpose", required=True, callback=one_line, help="What it is for.")
@pass_context
def add_service(
    context: CommandContext, *, name: str, owner: str | None, owner_role: str | None, role: str, purpose: str
) -> None:
    """Add a service account and print its ID: a user that cannot log in, and holds API tokens.

    It is disabled with its owner, unless it is handed over before: user hand-over.

    \b
    Examples:
      python -m webapp user add-service backup --owner ada --purpose "nightly backup"
      python -m webapp token mint backup --name disk --scope protected:read --expires 90d
    """
    try:
        with opened(context) as database, database.write() as db:
            role_named(db, role)
            owned_by = owner_named(db, owner, owner_role)
            user = service_accounts.create(db, name, role=role, owner=owned_by, purpose=purpose, origin="cli")
    except InvalidUserName as error:
        raise click.UsageError(str(error)) from error
    except InvalidServiceOwner as error:
        raise CommandRefused(str(error)) from error
    except UserNameTaken as error:
        raise CommandRefused(f"The name {name} is taken, or looks too much like the name of another user.") from error
    print_note(
        f"{user.username} belongs to {owned_by.name}. Create a token: python -m webapp token mint {user.username}"
    )
    click.echo(user.id)


@click.command("services", cls=Command)
@as_json
@pass_context
def services(context: CommandContext, *, is_json: bool) -> None:
    """List all service accounts with their owners and live tokens.

    PROBLEM is why its owner cannot have it (missing, inactive, lacks_role), or nobody: no active user has the role.

    \b
    Example:
      python -m webapp user services --json | jq -r '.[] | select(.owner_problem).username'
    """
    with opened(context) as database, database.read() as db:
        found = service_queries.list_service_accounts(db)
        counts = live_counts(db, [service.user.id for service in found])
    facts = [
        {
            "id": service.user.id,
            "username": service.user.username,
            "role": service.user.role,
            "owner": service.owner.name if service.owner else None,
            "owner_problem": service.problem,
            "purpose": service.purpose,
            "tokens": counts[service.user.id].tokens,
            "disabled_at": service.user.disabled_at,
        }
        for service in found
    ]
    if is_json:
        print_json(facts)
        return
    rows = [
        tuple(
            cell(fact[name])
            for name in ("username", "owner", "owner_problem", "role", "tokens", "disabled_at", "purpose")
        )
        for fact in facts
    ]
    print_table(("NAME", "OWNER", "PROBLEM", "ROLE", "TOKENS", "DISABLED", "PURPOSE"), rows)


def cell(value: object) -> str:
    return "-" if value is None else moment(value) if hasattr(value, "tzinfo") else str(value)  # type: ignore[arg-type]


@click.command("hand-over", cls=Command)
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@click.option("--to", "owner", help="User who owns it from now on.")
@click.option("--to-role", "owner_role", help="Role whose users own it from now on.")
@pass_context
def hand_over(context: CommandContext, *, names: tuple[str, ...], owner: str | None, owner_role: str | None) -> None:
    """Give service accounts another owner; their tokens keep working.

    \b
    Example:
      python -m webapp user hand-over backup deploy --to grace
    """
    try:
        with opened(context) as database, database.write() as db:
            owned_by = owner_named(db, owner, owner_role)
            for name in names:
                service_accounts.hand_over(db, user_named(db, name), owned_by)
    except InvalidServiceOwner as error:
        raise CommandRefused(str(error)) from error
    print_note(f"Owned by {owned_by.name} now: {', '.join(names)}.")


def new_owner_named(db: Session, leaving: User, name: str | None, role: str | None) -> Owner | None:
    """The new owner of the service accounts of a user who is disabled; None if they stop too.

    Raises:
        CommandRefused: the new owner cannot have all of them.
    """
    if name is None and role is None:
        return None
    owner = owner_named(db, name, role)
    try:
        deactivation_effects.check_new_owner(db, owner, [leaving])
    except InvalidServiceOwner as error:
        raise CommandRefused(str(error)) from error
    return owner


def list_deactivation_effects(found: DeactivationEffects, owner: Owner | None) -> None:
    """Print what stops, one kind on a line, for ``--dry-run``."""
    services = [service.user.username for service in found.services]
    for label, names, more in (
        ("API tokens", found.tokens, found.more_tokens),
        ("Script logins", found.script_logins, found.more_script_logins),
        ("Service accounts", [] if owner else services, 0),
    ):
        suffix = f" and {more} more" if more else ""
        click.echo(f"{label:<16} {', '.join(names) or '-'}{suffix}")
    if owner and services:
        click.echo(f"To {owner.name}: {', '.join(services)}")


def stopped_services_sentence(found: DeactivationEffects) -> str:
    """A sentence about service accounts that stop with their owner; empty without any."""
    if not found.services:
        return ""
    names = " ".join(service.user.username for service in found.services)
    return f" These service accounts were disabled too: {names}."
