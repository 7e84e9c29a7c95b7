"""Ask the operator for a new password, or to confirm what cannot be undone; before any transaction."""

import sys
from collections.abc import Sequence

import click

from webapp.accounts.passwords import Passwords, RefusedPassword
from webapp.cli.errors import CommandRefused
from webapp.guard.assurance import demands_of
from webapp.settings import Settings

password_stdin = click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")


def hashed_password(
    settings: Settings, username: str, *, from_stdin: bool, email: str = "", roles: Sequence[str] = ()
) -> str:
    """Read, check and hash a password, before any transaction: a writer must not wait for it.

    Raises:
        CommandRefused: it does not satisfy the password rules.
    """
    password = piped() if from_stdin else typed()
    passwords = Passwords(
        settings.hashes_at_once,
        settings.password_minimum,
        minimum_with_second_factor=settings.password_minimum_with_second_factor,
        demands=demands_of(settings.second_factor_for, settings.passkey_for),
    )
    try:
        passwords.check(password, username=username, email=email, site_name=settings.site_name, roles=roles)
    except RefusedPassword as error:
        raise CommandRefused(str(error)) from error
    return passwords.hash(password)


def confirm(consequence: str, name: str, *, yes: bool) -> None:
    """Let the operator type a name, unless ``yes``. Not within a write transaction: the server waits for its end.

    Raises:
        CommandRefused: another word was typed.
    """
    if not yes and click.prompt(f"{consequence}. Type “{name}” to continue", err=True) != name:
        raise CommandRefused("Nothing was changed.")


def piped() -> str:
    try:
        text = sys.stdin.buffer.read().decode()
    except UnicodeDecodeError as error:
        raise click.UsageError("The password on standard input is not UTF-8.") from error
    # The final line break comes from the shell; a line break within could not be sent by the login form.
    if "\n" in (password := text.removesuffix("\n").removesuffix("\r")):
        raise click.UsageError("Standard input has more than one line. A password is one line.")
    return password


def typed() -> str:
    if not sys.stdin.isatty():
        raise click.UsageError("The password cannot be entered without a terminal. Use --password-stdin.")
    password: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return password
