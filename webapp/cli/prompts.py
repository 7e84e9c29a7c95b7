"""A password as an operator gives it: through standard input, or typed twice and not shown."""

import sys
from collections.abc import Sequence

import click

from webapp.accounts.passwords import Passwords, PasswordUnfit
from webapp.cli.errors import CommandRefused
from webapp.guard.assurance import demands_of
from webapp.settings import Settings

password_stdin = click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")


def hashed_password(
    settings: Settings, username: str, *, from_stdin: bool, email: str = "", roles: Sequence[str] = ()
) -> str:
    """Asked for, judged and hashed, all before a transaction: no writer may wait for that."""
    password = piped() if from_stdin else typed()
    passwords = Passwords(
        settings.hashes_at_once,
        settings.password_minimum,
        minimum_with_second_factor=settings.password_minimum_with_second_factor,
        demands=demands_of(settings.second_factor_for, settings.passkey_for),
    )
    try:
        passwords.judge(password, username=username, email=email, house=settings.site_name, roles=roles)
    except PasswordUnfit as error:
        raise CommandRefused(str(error)) from error
    return passwords.hash(password)


def piped() -> str:
    try:
        text = sys.stdin.buffer.read().decode()
    except UnicodeDecodeError as error:
        raise click.UsageError("The password on standard input is not UTF-8.") from error
    # The line's end is the shell's; a line break within would be one that no form can send.
    if "\n" in (password := text.removesuffix("\n").removesuffix("\r")):
        raise click.UsageError("Standard input holds more than one line; a password is one.")
    return password


def typed() -> str:
    if not sys.stdin.isatty():
        raise click.UsageError("There is nobody to ask for a password; give it with --password-stdin.")
    password: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return password
