"""user: add, list, change, disable and enable users."""

import click

from webapp.accounts import deactivation_effects, lifecycle, lockout, registration, roles, user_queries
from webapp.accounts.lifecycle import LastSuperAdmin
from webapp.accounts.models import User
from webapp.accounts.names import InvalidEmail, InvalidUserName
from webapp.accounts.registration import EmailTaken, NewUser, UserNameTaken
from webapp.accounts.service_rules import InvalidServiceOwner
from webapp.cli import (
    identity_linking,
    service_accounts,
    user_access,
    user_export,
    user_factors,
    user_import,
    user_passwords,
    user_sessions,
)
from webapp.cli.commands import CommandGroup
from webapp.cli.context import CommandContext, pass_context
from webapp.cli.db_context import opened
from webapp.cli.errors import CommandRefused
from webapp.cli.lookups import role_named, user_named
from webapp.cli.output import as_json, moment, print_json, print_note, print_table
from webapp.cli.prompts import hashed_password, password_stdin
from webapp.core.humanize import counted
from webapp.credentials.live_counts import LiveCounts, live_counts, live_counts_of

ONLY_SUPER_ADMIN = "{} is the only super_admin. Give the role to another user first."


FORMER_NAMES = {"known-elsewhere": "use-provider-password", "known-here": "use-local-password"}


@click.group("user", cls=CommandGroup)
def command() -> None:
    """Users of this site.

    NAME is a user's name or e-mail address.
    """


for subcommand in (
    user_factors.factors,
    user_factors.reset_factors,
    service_accounts.add_service,
    service_accounts.services,
    service_accounts.hand_over,
    identity_linking.use_provider_password,
    identity_linking.use_local_password,
    user_sessions.sessions,
    user_sessions.logout,
    user_sessions.purge,
    user_passwords.password,
    user_passwords.reset,
    user_passwords.setup,
    user_access.enable,
    user_access.unlock,
    user_import.import_,
    user_export.export,
):
    command.add_command(subcommand)
command.former_names = FORMER_NAMES


@command.command("add")
@click.argument("name")
@click.option("--email", help="E-mail address; the user can log in with it instead of the name.")
@click.option("--role", default="user", show_default=True, help="Role of the user.")
@password_stdin
@pass_context
def add(context: CommandContext, *, name: str, email: str | None, role: str, password_stdin: bool) -> None:
    """Add a user and print their ID.

    \b
    Examples:
      python -m webapp user add ada --email ada@example.org
      pass latchkey/ada | python -m webapp user add ada --role admin --password-stdin
    """
    try:
        with opened(context) as database:
            with database.read() as db:
                role_named(db, role)
                closure = roles.included_in(db, role)
            hashed = hashed_password(
                context.settings, name, email=email or "", from_stdin=password_stdin, roles=closure
            )
            new = NewUser(username=name, email=email, password_hash=hashed, role=role)
            with database.write() as db:
                user = registration.add(db, new, origin="cli")
    except (InvalidUserName, InvalidEmail) as error:
        raise click.UsageError(str(error)) from error
    except UserNameTaken as error:
        raise CommandRefused(f"The name {name} is taken, or looks too much like the name of another user.") from error
    except EmailTaken as error:
        raise CommandRefused(f"Another user already has the e-mail address {email}.") from error
    print_note(f"{user.username} can now log in, with the role {role}.")
    user_passwords.note_if_unused(context, closure)
    click.echo(user.id)


@command.command("list")
@click.option("--view", type=click.Choice([*user_queries.VIEWS, user_queries.ONE_FACTOR]), help="Only these users.")
@click.option(
    "--imported-hash", is_flag=True, help="Only users whose imported password hash was not replaced by a login yet."
)
@as_json
@pass_context
def list_(context: CommandContext, *, view: str | None, imported_hash: bool, is_json: bool) -> None:
    """List all users.

    \b
    Examples:
      python -m webapp user list --view closed
      python -m webapp user list --json | jq -r '.[] | select(.role == "super_admin").username'
    """
    with opened(context) as database, database.read() as db:
        users_in_view = user_queries.all_users(db, view or "")
        live = live_counts(db)
    users = [user for user in users_in_view if user.has_imported_hash or not imported_hash]
    if is_json:
        print_json([user_facts(user) | live[user.id].facts for user in users])
        return
    rows = [
        (
            user.username,
            user.email or "-",
            user.role,
            state_of(user),
            *map(str, live[user.id].facts.values()),
            moment(user.created_at),
        )
        for user in users
    ]
    print_table(("NAME", "E-MAIL", "ROLE", "STATE", "SESSIONS", "SCRIPT LOGINS", "TOKENS", "CREATED"), rows)


def in_words(live: LiveCounts) -> str:
    numbers = counted(live.sessions, "session"), counted(live.script_logins, "script login")
    return ", ".join((*numbers, counted(live.tokens, "API token")))


def user_facts(user: User) -> dict[str, object]:
    names = ("id", "username", "email", "role", "created_at", "disabled_at", "closes_at")
    return {name: getattr(user, name) for name in names}


def state_of(user: User) -> str:
    if user.disabled_at:
        return f"disabled {moment(user.disabled_at)}"
    if user.closes_at:
        return f"closed, to be deleted {moment(user.closes_at)}"
    return f"locked after {user.failed_logins} wrong passwords" if lockout.is_locked(user) else "active"


@command.command("show")
@click.argument("name")
@as_json
@pass_context
def show(context: CommandContext, *, name: str, is_json: bool) -> None:
    """Show one user: role, state, live sessions, script logins and tokens.

    \b
    Example:
      python -m webapp user show ada
    """
    with opened(context) as database, database.read() as db:
        user = user_named(db, name)
        live = live_counts_of(db, user.id)
        closure = roles.included_in(db, user.role)
    if is_json:
        details = {"last_login_at": user.last_login_at, "roles": closure} | live.facts
        print_json(user_facts(user) | details)
        return
    facts = {
        "Name": user.username,
        "E-mail": user.email or "-",
        "Role": " ".join(closure[::-1]) or user.role,
        "State": state_of(user),
        "Created": moment(user.created_at),
        "Last login": moment(user.last_login_at),
        "Live": in_words(live),
        "ID": str(user.id),
    }
    for label, value in facts.items():
        click.echo(f"{label:<12} {value}")


@command.command("role")
@click.argument("name")
@click.argument("role")
@pass_context
def role(context: CommandContext, *, name: str, role: str) -> None:
    """Change the role of a user, from their next request on.

    \b
    Example:
      python -m webapp user role ada super_admin
    """
    with opened(context) as database, database.write() as db:
        user = user_named(db, name)
        role_named(db, role)
        former = user.role
        try:
            lifecycle.change_role(db, user, role)
        except LastSuperAdmin as error:
            raise CommandRefused(ONLY_SUPER_ADMIN.format(user.username)) from error
        except InvalidServiceOwner as error:
            raise CommandRefused(str(error)) from error
    print_note(f"{user.username} now has the role {role}; before, it was {former}.")


@command.command("disable")
@click.argument("name")
@click.option(
    "--services-to", help="User who gets the service accounts of the disabled one; otherwise they are disabled too."
)
@click.option("--services-to-role", help="Role that gets them instead.")
@click.option("--dry-run", is_flag=True, help="Only print which tokens, script logins and service accounts would stop.")
@pass_context
def disable(
    context: CommandContext, *, name: str, services_to: str | None, services_to_role: str | None, dry_run: bool
) -> None:
    """Disable a user, end all their sessions and revoke all their tokens, at once.

    Service accounts that the user owns are disabled as well, unless --services-to hands them over.

    \b
    Examples:
      python -m webapp user disable ada --dry-run
      python -m webapp user disable ada --services-to grace
    """
    with opened(context) as database, database.write() as db:
        user = user_named(db, name)
        stops = deactivation_effects.effects_of(db, user.id)
        owner = service_accounts.new_owner_named(db, user, services_to, services_to_role)
        if dry_run:
            service_accounts.list_deactivation_effects(stops, owner)
            return
        try:
            if owner is not None:
                deactivation_effects.hand_over_all(db, user, owner)
            ended = lifecycle.disable(db, user)
        except LastSuperAdmin as error:
            raise CommandRefused(ONLY_SUPER_ADMIN.format(user.username)) from error
    stopped = "" if owner else service_accounts.stopped_services_sentence(stops)
    print_note(f"{user.username} is disabled. Ended: {in_words(ended)}.{stopped}")
