"""user password, reset-link, setup-link: how somebody gets a password."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from webapp.accounts import lifecycle, recovery, roles
from webapp.accounts.lifecycle import PasswordElsewhere
from webapp.audit.log import Event, record
from webapp.cli import setup_link
from webapp.cli.commands import Command
from webapp.cli.context import CommandContext, pass_context
from webapp.cli.db_context import opened
from webapp.cli.errors import CommandRefused
from webapp.cli.lookups import user_named
from webapp.cli.output import say_aside
from webapp.cli.prompts import hashed_password, password_stdin


@contextmanager
def kept_here() -> Iterator[None]:
    """For what concerns a password, which may be somebody else's to keep."""
    try:
        yield
    except PasswordElsewhere as error:
        raise CommandRefused(
            f"The password of {error} is kept by the identity provider; it is changed there."
        ) from error


@click.command("password", cls=Command)
@click.argument("name")
@password_stdin
@click.option("--revoke-tokens", is_flag=True, help="Revoke the API tokens that people made as well.")
@pass_context
def password(house: CommandContext, *, name: str, password_stdin: bool, revoke_tokens: bool) -> None:
    """Give a user another password; their sessions and script logins end, their API tokens stay unless you say so.

    \b
    Example:
      openssl rand -base64 18 | tee /dev/tty | python -m webapp user password ada --password-stdin
    """
    with opened(house) as database:
        with database.read() as db:
            user = user_named(db, name)
            username, closure = user.username, roles.included_in(db, user.role)
        hashed = hashed_password(house.settings, username, from_stdin=password_stdin, roles=closure)
        with kept_here(), database.write() as db:
            user = user_named(db, name)
            ended = lifecycle.set_password(db, user, hashed, revokes_tokens=revoke_tokens)
    say_aside(f"{user.username} has a new password. {ended.in_words}")


@click.command("reset-link", cls=Command)
@click.argument("name")
@pass_context
def reset(house: CommandContext, *, name: str) -> None:
    """Print a link by which a user sets a new password; the one before it is dead.

    \b
    Example:
      python -m webapp user reset-link ada
    """
    with kept_here(), opened(house) as database, database.write() as db:
        user = user_named(db, name)
        if user.disabled_at is not None:
            raise CommandRefused(f"{user.username} is disabled; enable them first: python -m webapp user enable {name}")
        path = recovery.link_for(db, user, is_shown=True, replaces=True)
        record(db, Event.RESET_ASKED, user_id=user.id)
    minutes = int(recovery.LIFETIME.total_seconds() // 60)
    say_aside(f"It works once, within {minutes} minutes; give it to {user.username} alone.")
    click.echo(house.settings.base_url + path)


@click.command("setup-link", cls=Command)
@pass_context
def setup(house: CommandContext) -> None:
    """Print a new link to make the account of the first admin; the one before it is dead.

    \b
    Example:
      python -m webapp user setup-link
    """
    with opened(house) as database:
        link = setup_link.make(database, house.settings)
    if link is None:
        raise CommandRefused("This site already has an admin. Add other accounts with: python -m webapp user add")
    say_aside(f"It works once, within {setup_link.lifetime_in_words(house.settings)}.")
    click.echo(link)
