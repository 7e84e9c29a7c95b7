"""client registration-token: tokens with which apps register themselves (RFC 7591)."""

from datetime import timedelta
from uuid import UUID

import click

from webapp.cli.commands import CommandGroup
from webapp.cli.context import CommandContext, pass_context
from webapp.cli.db_context import opened
from webapp.cli.durations import DURATION
from webapp.cli.errors import CommandRefused
from webapp.cli.output import moment, print_note, print_table
from webapp.oauth import registration_tokens
from webapp.oauth.registration_tokens import InvalidRegistrationToken


@click.group("registration-token", cls=CommandGroup)
def command() -> None:
    """Tokens with which apps register themselves; needs WEBAPP_DYNAMIC_REGISTRATION."""


@command.command("add")
@click.option("--uses", type=int, default=1, show_default=True, help="How many apps can register with it; at most 100.")
@click.option("--expires", type=DURATION, default="1d", show_default=True, help="Lifetime, such as 2h; at most 30d.")
@click.option("--allow-logout-notices", is_flag=True, help="Its apps may name a back-channel logout URL.")
@pass_context
def add(context: CommandContext, *, uses: int, expires: timedelta, allow_logout_notices: bool) -> None:
    """Make a token, and print it once.

    \b
    Example:
      python -m webapp client registration-token add --uses 5 --expires 2h
    """
    with opened(context) as database, database.write() as db:
        try:
            created = registration_tokens.make(
                db, uses=uses, lifetime=expires, allows_logout_uri=allow_logout_notices, origin="cli"
            )
        except InvalidRegistrationToken as error:
            raise CommandRefused(str(error)) from error
    if not context.settings.dynamic_registration:
        print_note("Apps can use it once WEBAPP_DYNAMIC_REGISTRATION is true.")
    print_note("It is shown only now.")
    click.echo(created.secret)


@command.command("list")
@pass_context
def list_(context: CommandContext) -> None:
    """List the tokens that can still be used.

    \b
    Example:
      python -m webapp client registration-token list
    """
    with opened(context) as database, database.read() as db:
        rows = [
            (str(token.id), str(token.uses_left), moment(token.created_at), moment(token.expires_at))
            for token in registration_tokens.list_usable(db)
        ]
    print_table(("ID", "USES LEFT", "CREATED", "EXPIRES"), rows)


@command.command("revoke")
@click.argument("token_id", type=click.UUID)
@pass_context
def revoke(context: CommandContext, *, token_id: UUID) -> None:
    """Revoke a token. Apps that have registered with it stay.

    \b
    Example:
      python -m webapp client registration-token revoke 3f2b8c1a-0d4e-4f5a-9b6c-7d8e9f0a1b2c
    """
    with opened(context) as database, database.write() as db:
        if not registration_tokens.revoke(db, token_id, origin="cli"):
            raise CommandRefused(
                "There is no such token. List them with: python -m webapp client registration-token list"
            )
    print_note("The token was revoked.")
