"""user known-elsewhere, known-here: an account is moved to the identity provider, or back."""

import click

from webapp.accounts import identity_linking, roles
from webapp.accounts.identity_linking import KeyTaken, MovedAlready
from webapp.accounts.provisioning import LONGEST_KEY
from webapp.cli.commands import Command
from webapp.cli.context import CommandContext, pass_context
from webapp.cli.db_context import opened
from webapp.cli.errors import CommandRefused
from webapp.cli.lookups import user_named
from webapp.cli.output import say_aside
from webapp.cli.prompts import hashed_password, password_stdin

yes = click.option("--yes", is_flag=True, help="Do not ask.")

ALONE = "{} is the only super admin with a password on this site: while the provider is down, nobody could manage it."


@click.command("known-elsewhere", cls=Command)
@click.argument("name")
@click.option("--as", "key", metavar="KEY", help="By what the provider knows them for good; without, by their name.")
@yes
@pass_context
def known_elsewhere(house: CommandContext, *, name: str, key: str | None, yes: bool) -> None:
    """Forget the password of a user: the identity provider is asked from their next login on.

    Their sessions and script logins end, their API tokens stay, and so do role and second factors. KEY is what the
    provider gives as subject, such as an entryUUID; a provider that gives none goes by the name.

    \b
    Example:
      python -m webapp user known-elsewhere ada --as 4f1c2a9e-0b7d-4c55-9d1e-6f2a8f3b7c10
    """
    if not house.settings.identity_provider:
        raise CommandRefused("WEBAPP_IDENTITY_PROVIDER names nobody who would know them.")
    if key is not None and not (key.isprintable() and 0 < len(key.strip()) <= LONGEST_KEY):
        raise click.UsageError(f"KEY has at most {LONGEST_KEY} characters, all of them printable, and at least one.")
    with opened(house) as database:
        with database.read() as db:
            user = user_named(db, name)
            is_alone = identity_linking.is_last_with_password(db, user)
        if is_alone:
            say_aside(ALONE.format(user.username))
        confirm(user.username, "loses the password that is kept here", yes=yes)
        try:
            with database.write() as db:
                known_as = identity_linking.elsewhere(db, user_named(db, name), key)
        except MovedAlready as error:
            raise CommandRefused(f"{user.username} is known elsewhere already, as {error}.") from error
        except KeyTaken as error:
            raise CommandRefused(f"Somebody else here is known elsewhere as {error}; nothing was changed.") from error
    say_aside(f"{user.username} is known elsewhere, as {known_as}, and logs in with the password from there.")


@click.command("known-here", cls=Command)
@click.argument("name")
@password_stdin
@yes
@pass_context
def known_here(house: CommandContext, *, name: str, password_stdin: bool, yes: bool) -> None:
    """Give a user a password of this house: the identity provider is asked about them no more.

    Their sessions and script logins end, their API tokens stay.

    \b
    Example:
      pass latchkey/ada | python -m webapp user known-here ada --password-stdin --yes
    """
    if password_stdin and not yes:
        raise click.UsageError("Standard input gives the password, and cannot answer as well; add --yes.")
    with opened(house) as database:
        with database.read() as db:
            user = user_named(db, name)
            closure = roles.included_in(db, user.role)
        if not user.is_known_elsewhere:
            raise known_already(user.username)
        confirm(user.username, "gets a password on this site", yes=yes)
        hashed = hashed_password(
            house.settings, user.username, email=user.email or "", from_stdin=password_stdin, roles=closure
        )
        try:
            with database.write() as db:
                ended = identity_linking.set_local_password(db, user_named(db, name), hashed)
        except MovedAlready as error:
            raise known_already(user.username) from error
    say_aside(f"{user.username} is known here, and logs in with the new password. {ended.in_words}")


def known_already(username: str) -> CommandRefused:
    return CommandRefused(
        f"{username} already has a password on this site. Change it with: python -m webapp user password"
    )


def confirm(username: str, what: str, *, yes: bool) -> None:
    question = f"{username} {what}, and is logged out. Type “{username}” to go on"
    if not yes and click.prompt(question, err=True) != username:
        raise CommandRefused("Nothing was changed.")
