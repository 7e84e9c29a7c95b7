"""user use-provider-password, use-local-password: move an account to the identity provider, or back."""

import click

from webapp.accounts import identity_linking, roles
from webapp.accounts.identity_linking import AlreadyLinked, KeyTaken
from webapp.accounts.provisioning import LONGEST_KEY
from webapp.accounts.service_rules import ServiceAccountCannotLogIn
from webapp.cli.commands import Command
from webapp.cli.context import CommandContext, pass_context
from webapp.cli.db_context import opened
from webapp.cli.errors import CommandRefused
from webapp.cli.lookups import user_named
from webapp.cli.output import print_note
from webapp.cli.prompts import confirm, hashed_password, password_stdin

yes = click.option("--yes", is_flag=True, help="Do not ask for confirmation.")

ALONE = "{} is the only super_admin with a password on this site. If the provider is down, nobody can manage the site."


@click.command("use-provider-password", cls=Command)
@click.argument("name")
@click.option("--as", "key", metavar="KEY", help="Subject of the user at the provider; default: the user name.")
@yes
@pass_context
def use_provider_password(context: CommandContext, *, name: str, key: str | None, yes: bool) -> None:
    """Delete the password of a user on this site; from now on the identity provider checks their logins.

    Their sessions and script logins end. Their API tokens, role and second factors stay. KEY is the subject that the
    provider returns, such as an entryUUID; without a subject, the user name is used.

    \b
    Example:
      python -m webapp user use-provider-password ada --as 4f1c2a9e-0b7d-4c55-9d1e-6f2a8f3b7c10
    """
    if not context.settings.has_identity_provider:
        raise CommandRefused("No identity provider is configured. Set WEBAPP_LDAP_URL or WEBAPP_IDENTITY_PROVIDER.")
    if key is not None and not (key.isprintable() and 0 < len(key.strip()) <= LONGEST_KEY):
        raise click.UsageError(f"KEY must have 1 to {LONGEST_KEY} printable characters.")
    with opened(context) as database:
        with database.read() as db:
            user = user_named(db, name)
            is_alone = identity_linking.is_last_with_password(db, user)
        if is_alone:
            print_note(ALONE.format(user.username))
        confirm(f"This deletes the password of {user.username} on this site and logs them out", user.username, yes=yes)
        try:
            with database.write() as db:
                known_as = identity_linking.link_to_provider(db, user_named(db, name), key)
        except AlreadyLinked as error:
            raise CommandRefused(
                f"{user.username} already logs in through the identity provider, as {error}."
            ) from error
        except ServiceAccountCannotLogIn as error:
            raise CommandRefused(f"{error} is a service account. It has no password.") from error
        except KeyTaken as error:
            raise CommandRefused(f"Another user is already linked to {error}. Nothing was changed.") from error
    print_note(f"{user.username} now logs in with the password of the identity provider, as {known_as}.")


@click.command("use-local-password", cls=Command)
@click.argument("name")
@password_stdin
@yes
@pass_context
def use_local_password(context: CommandContext, *, name: str, password_stdin: bool, yes: bool) -> None:
    """Set a password on this site for a user who logged in through the identity provider until now.

    Their sessions and script logins end. Their API tokens stay valid.

    \b
    Example:
      pass latchkey/ada | python -m webapp user use-local-password ada --password-stdin --yes
    """
    if password_stdin and not yes:
        raise click.UsageError("Standard input holds the password, so it cannot confirm as well. Add --yes.")
    with opened(context) as database:
        with database.read() as db:
            user = user_named(db, name)
            closure = roles.included_in(db, user.role)
        if not user.has_external_identity:
            raise already_local(user.username)
        confirm(f"This sets a password for {user.username} on this site and logs them out", user.username, yes=yes)
        hashed = hashed_password(
            context.settings, user.username, email=user.email or "", from_stdin=password_stdin, roles=closure
        )
        try:
            with database.write() as db:
                ended = identity_linking.set_local_password(db, user_named(db, name), hashed)
        except AlreadyLinked as error:
            raise already_local(user.username) from error
    print_note(f"{user.username} now logs in with the new password of this site. {ended.sentence}")


def already_local(username: str) -> CommandRefused:
    return CommandRefused(
        f"{username} already has a password on this site. Change it with: python -m webapp user password"
    )
