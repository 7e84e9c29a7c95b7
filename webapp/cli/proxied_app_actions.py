"""proxied-app disable, enable, remove."""

import click

from webapp.cli.commands import Command
from webapp.cli.context import CommandContext, pass_context
from webapp.cli.db_context import opened
from webapp.cli.output import print_note
from webapp.cli.prompts import confirm
from webapp.cli.proxied_app_lookup import OPERATOR, app_called, refusing
from webapp.core.db import Database
from webapp.forward_auth import app_queries, lifecycle

yes_option = click.option("--yes", is_flag=True, help="Do not ask for confirmation.")


def confirm_for(database: Database, slug: str, action: str, *, yes: bool) -> None:
    with database.read() as db:
        row = app_called(db, slug)
        logins = app_queries.logins_of(db, row.id)
    counted = "1 login" if logins == 1 else f"{logins} logins"
    confirm(f"{action} {row.name}, at whose hosts there are {counted}", row.slug, yes=yes)


@click.command("disable", cls=Command)
@click.argument("slug")
@yes_option
@pass_context
def disable(context: CommandContext, *, slug: str, yes: bool) -> None:
    """Let nobody open an app, not even its public paths. Its settings and rules are kept.

    \b
    Example:
      python -m webapp proxied-app disable wiki
    """
    with opened(context) as database:
        confirm_for(database, slug, "This disables", yes=yes)
        with database.write() as db, refusing():
            lifecycle.disable(db, app_called(db, slug), OPERATOR)
    print_note("The app was disabled.")


@click.command("enable", cls=Command)
@click.argument("slug")
@pass_context
def enable(context: CommandContext, *, slug: str) -> None:
    """Let the rules of an app apply again.

    \b
    Example:
      python -m webapp proxied-app enable wiki
    """
    with opened(context) as database, database.write() as db, refusing():
        lifecycle.enable(db, app_called(db, slug), OPERATOR)
    print_note("The app was enabled.")


@click.command("remove", cls=Command)
@click.argument("slug")
@yes_option
@pass_context
def remove(context: CommandContext, *, slug: str, yes: bool) -> None:
    """Remove an app with its rules, logins and grants. Requests of its proxy then get 403.

    \b
    Example:
      python -m webapp proxied-app remove wiki
    """
    with opened(context) as database:
        confirm_for(database, slug, "This removes", yes=yes)
        with database.write() as db, refusing():
            lifecycle.remove(db, app_called(db, slug), OPERATOR)
    print_note("The app was removed.")
