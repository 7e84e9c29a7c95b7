"""provider disable, enable, remove."""

import click

from webapp.accounts.password_login_policy import PasswordLoginPolicy
from webapp.cli.commands import Command
from webapp.cli.context import CommandContext, pass_context
from webapp.cli.db_context import opened
from webapp.cli.output import print_note
from webapp.cli.prompts import confirm
from webapp.cli.provider_lookup import OPERATOR, provider_called, refusing
from webapp.core.db import Database
from webapp.federation import lifecycle, linked_logins, provider_use

yes_option = click.option("--yes", is_flag=True, help="Do not ask for confirmation.")


def confirm_for(context: CommandContext, database: Database, slug: str, action: str, *, yes: bool) -> None:
    passwords = PasswordLoginPolicy(context.settings.password_login)
    with database.read() as db:
        row = provider_called(db, slug)
        use = provider_use.of_provider(db, row.id)
        locked_out = linked_logins.only_ways_in(db, row.id, passwords)
    users = "1 user" if use.users == 1 else f"{use.users} users"
    consequence = f"; {locked_out} of them would have no way to log in" if locked_out else ""
    confirm(f"{action} {row.name}, with which {users} can log in{consequence}", row.slug, yes=yes)


@click.command("disable", cls=Command)
@click.argument("slug")
@yes_option
@pass_context
def disable(context: CommandContext, *, slug: str, yes: bool) -> None:
    """Let nobody log in with a provider. Its settings and links are kept, and running sessions go on.

    \b
    Example:
      python -m webapp provider disable acme
    """
    with opened(context) as database:
        confirm_for(context, database, slug, "This disables", yes=yes)
        with database.write() as db, refusing():
            lifecycle.disable(db, provider_called(db, slug), OPERATOR)
    print_note("The provider was disabled.")


@click.command("enable", cls=Command)
@click.argument("slug")
@pass_context
def enable(context: CommandContext, *, slug: str) -> None:
    """Let users log in with a provider again.

    \b
    Example:
      python -m webapp provider enable acme
    """
    with opened(context) as database, database.write() as db, refusing():
        lifecycle.enable(db, provider_called(db, slug), OPERATOR)
    print_note("The provider was enabled.")


@click.command("remove", cls=Command)
@click.argument("slug")
@yes_option
@pass_context
def remove(context: CommandContext, *, slug: str, yes: bool) -> None:
    """Remove a provider and the links of its users. Roles that its rules gave are taken away; accounts stay.

    \b
    Example:
      python -m webapp provider remove acme
    """
    with opened(context) as database:
        confirm_for(context, database, slug, "This removes", yes=yes)
        with database.write() as db, refusing():
            lifecycle.remove(db, provider_called(db, slug), OPERATOR)
    print_note("The provider was removed.")
