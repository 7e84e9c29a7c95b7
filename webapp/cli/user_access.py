"""user enable, unlock: let a user log in again."""

import click

from webapp.accounts import lifecycle
from webapp.accounts.service_rules import InvalidServiceOwner
from webapp.cli.commands import Command
from webapp.cli.context import CommandContext, pass_context
from webapp.cli.db_context import opened
from webapp.cli.errors import CommandRefused
from webapp.cli.lookups import user_named
from webapp.cli.output import print_note


@click.command("enable", cls=Command)
@click.argument("name")
@pass_context
def enable(context: CommandContext, *, name: str) -> None:
    """Allow a user who was disabled, or locked after too many wrong passwords, to log in again.

    Sessions stay ended, and tokens revoked.

    \b
    Example:
      python -m webapp user enable ada
    """
    with opened(context) as database, database.write() as db:
        user = user_named(db, name)
        try:
            lifecycle.enable(db, user)
        except InvalidServiceOwner as error:
            raise CommandRefused(str(error)) from error
    effect = "is enabled again" if user.is_service else "can log in again"
    print_note(f"{user.username} {effect}, and needs new tokens.")


@click.command("unlock", cls=Command)
@click.argument("name")
@pass_context
def unlock(context: CommandContext, *, name: str) -> None:
    """Unlock a user after too many wrong passwords or codes; sessions and tokens are not changed.

    \b
    Example:
      python -m webapp user unlock ada
    """
    with opened(context) as database, database.write() as db:
        user = user_named(db, name)
        lifecycle.unlock(db, user)
    print_note(f"{user.username} is unlocked. Passwords and codes are accepted again.")
