"""client secret, disable, enable, remove."""

import click

from webapp.cli.client_lookup import client_called, print_registered
from webapp.cli.commands import Command
from webapp.cli.context import CommandContext, pass_context
from webapp.cli.db_context import opened
from webapp.cli.errors import CommandRefused
from webapp.cli.output import print_note
from webapp.cli.prompts import confirm
from webapp.core.db import Database
from webapp.oauth import client_secrets, clients
from webapp.oauth.client_settings import InvalidClientSettings


@click.command("secret", cls=Command)
@click.argument("name")
@pass_context
def secret(context: CommandContext, *, name: str) -> None:
    """Give an app a new secret. The previous secret keeps working until you create another one.

    \b
    Example:
      python -m webapp client secret Wiki
    """
    with opened(context) as database, database.write() as db:
        client = client_called(db, name)
        try:
            new_secret = client_secrets.new_secret_of(db, client, origin="cli")
        except InvalidClientSettings as error:
            raise CommandRefused(str(error)) from error
    print_registered(str(client.id), new_secret)


def confirm_end(database: Database, name: str, *, yes: bool) -> None:
    with database.read() as db:
        client = client_called(db, name)
    confirm(f"This ends every login to {client.name}", client.name, yes=yes)


@click.command("disable", cls=Command)
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@pass_context
def disable(context: CommandContext, *, name: str, yes: bool) -> None:
    """Stop all logins to an app and revoke its tokens. Its settings and secrets are kept.

    \b
    Example:
      python -m webapp client disable Wiki
    """
    with opened(context) as database:
        confirm_end(database, name, yes=yes)
        with database.write() as db:
            ended = clients.disable(db, client_called(db, name), origin="cli")
    print_note(f"The app was disabled; {ended} logins to it ended.")


@click.command("enable", cls=Command)
@click.argument("name")
@pass_context
def enable(context: CommandContext, *, name: str) -> None:
    """Let users log in to an app again.

    \b
    Example:
      python -m webapp client enable Wiki
    """
    with opened(context) as database, database.write() as db:
        clients.enable(db, client_called(db, name), origin="cli")
    print_note("The app was enabled.")


@click.command("remove", cls=Command)
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@pass_context
def remove(context: CommandContext, *, name: str, yes: bool) -> None:
    """Remove an app. Its users are logged in to it no longer, and its tokens end.

    \b
    Example:
      python -m webapp client remove Wiki
    """
    with opened(context) as database:
        confirm_end(database, name, yes=yes)
        with database.write() as db:
            ended = clients.remove(db, client_called(db, name), origin="cli")
    print_note(f"The app was removed; {ended} logins to it ended.")
