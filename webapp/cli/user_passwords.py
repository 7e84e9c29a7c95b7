"""user password, reset-link, setup-link: set a password, or print a link to set one."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager

import click

from webapp.accounts import lifecycle, recovery, roles
from webapp.accounts.lifecycle import PasswordManagedExternally
from webapp.accounts.password_login_policy import PasswordLoginPolicy
from webapp.accounts.service_rules import ServiceAccountCannotLogIn
from webapp.audit.log import Event, record
from webapp.cli import setup_link
from webapp.cli.commands import Command
from webapp.cli.context import CommandContext, pass_context
from webapp.cli.db_context import opened
from webapp.cli.errors import CommandRefused
from webapp.cli.lookups import user_named
from webapp.cli.output import print_note
from webapp.cli.prompts import hashed_password, password_stdin


@contextmanager
def refused_if_external() -> Iterator[None]:
    """Refuse a change of the password of a user whose password the identity provider verifies."""
    try:
        yield
    except PasswordManagedExternally as error:
        raise CommandRefused(f"The identity provider keeps the password of {error}. Change it there.") from error
    except ServiceAccountCannotLogIn as error:
        raise CommandRefused(f"{error} is a service account. It has no password.") from error


@click.command("password", cls=Command)
@click.argument("name")
@password_stdin
@click.option("--revoke-tokens", is_flag=True, help="Also revoke the user's API tokens.")
@pass_context
def password(context: CommandContext, *, name: str, password_stdin: bool, revoke_tokens: bool) -> None:
    """Set a new password for a user and end their sessions and script logins.

    Their API tokens stay valid, unless you give --revoke-tokens.

    \b
    Example:
      openssl rand -base64 18 | tee /dev/tty | python -m webapp user password ada --password-stdin
    """
    with opened(context) as database:
        with database.read() as db:
            user = user_named(db, name)
            username, closure = user.username, roles.included_in(db, user.role)
        hashed = hashed_password(context.settings, username, from_stdin=password_stdin, roles=closure)
        with refused_if_external(), database.write() as db:
            user = user_named(db, name)
            ended = lifecycle.set_password(db, user, hashed, revokes_tokens=revoke_tokens)
    print_note(f"{user.username} has a new password. {ended.sentence}")
    note_if_unused(context, closure)


def note_if_unused(context: CommandContext, closure: Collection[str]) -> None:
    """Note that a password does not let its user log in, if the settings say so.

    Args:
        closure: all roles of the user.
    """
    if not PasswordLoginPolicy(context.settings.password_login).counts_for(closure):
        print_note("This user cannot log in with a password: WEBAPP_PASSWORD_LOGIN excludes them.")


@click.command("reset-link", cls=Command)
@click.argument("name")
@pass_context
def reset(context: CommandContext, *, name: str) -> None:
    """Print a link with which a user can set a new password; an earlier link stops working.

    \b
    Example:
      python -m webapp user reset-link ada
    """
    with refused_if_external(), opened(context) as database, database.write() as db:
        user = user_named(db, name)
        if user.disabled_at is not None:
            raise CommandRefused(f"{user.username} is disabled. Enable them first: python -m webapp user enable {name}")
        if not PasswordLoginPolicy(context.settings.password_login).is_allowed_for(db, user):
            raise CommandRefused(f"{user.username} cannot log in with a password: see WEBAPP_PASSWORD_LOGIN.")
        path = recovery.link_for(db, user, is_shown=True, replaces=True)
        record(db, Event.RESET_ASKED, user_id=user.id)
    minutes = int(recovery.LIFETIME.total_seconds() // 60)
    print_note(f"The link works once, within {minutes} minutes. Give it only to {user.username}.")
    click.echo(context.settings.base_url + path)


@click.command("setup-link", cls=Command)
@pass_context
def setup(context: CommandContext) -> None:
    """Print a new link to create the first admin account; the link before it stops working.

    \b
    Example:
      python -m webapp user setup-link
    """
    with opened(context) as database:
        link = setup_link.create(database, context.settings)
    if link is None:
        raise CommandRefused("This site already has an admin. Add other accounts with: python -m webapp user add")
    print_note(f"The link works once, within {setup_link.lifetime_in_words(context.settings)}.")
    click.echo(link)
