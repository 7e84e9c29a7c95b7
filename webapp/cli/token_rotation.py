"""token rotate, token show, token pattern: replace a token by a new one, show one, and find leaked ones."""

from datetime import timedelta
from uuid import UUID

import click

from webapp.app import close, create_app
from webapp.cli.commands import Command
from webapp.cli.context import CommandContext, pass_context
from webapp.cli.db_context import opened
from webapp.cli.durations import DURATION
from webapp.cli.errors import CommandRefused
from webapp.cli.output import as_json, moment, print_json, print_note, print_table
from webapp.tokens import lifecycle, rotation
from webapp.tokens.issuing import TokenIssuer, TooManyTokens
from webapp.tokens.owner_notifier import OwnerNotifier
from webapp.tokens.rotation import NotRotatable, RotationOptions
from webapp.tokens.scanner_patterns import access_token_pattern
from webapp.tokens.scopes import Catalogue
from webapp.tokens.token_details import TokenDetails, describe_token
from webapp.web.registry import services_of

ID = click.argument("token_id", metavar="ID", type=click.UUID)
LONGEST = timedelta(days=7)


@click.command("rotate", cls=Command)
@ID
@click.option(
    "--overlap", type=DURATION, default="24h", show_default=True, help="How long both tokens work; at most 7d."
)
@pass_context
def rotate(context: CommandContext, *, token_id: UUID, overlap: timedelta) -> None:
    """Replace the token with this ID by a new one and print the new token. It is not shown again.

    \b
    Example:
      python -m webapp token rotate 5f0c5d3e-8d0e-4a6b-9d51-0c8a0f1b2c3d --overlap 24h
    """
    if not timedelta() <= overlap <= LONGEST:
        raise click.BadParameter("must be at most 7d", param_hint="--overlap")
    settings = context.settings
    options = RotationOptions(
        overlap=overlap,
        longest=settings.token_lifetime_max,
        may_never_end=settings.token_never_expires,
        origin="cli",
    )
    app = create_app(settings)
    try:
        with opened(context) as database, database.write() as db:
            owner_id = lifecycle.owner_of(db, token_id)
            if owner_id is None:
                raise CommandRefused(f"There is no token with the ID {token_id}.")
            rotated = rotation.rotate(db, services_of(app).get(TokenIssuer), owner_id, token_id, options)
            services_of(app).get(OwnerNotifier)(db, "token_rotated", rotated.former, origin="cli")
    except (NotRotatable, TooManyTokens) as error:
        raise CommandRefused(str(error)) from error
    finally:
        close(app)
    new, old = rotated.issued, rotated.former.credential
    print_note(f"{new.entry.name} ({new.entry.id}) replaces it; the old token expires {moment(old.expires_at)}.")
    click.echo(new.token)


@click.command("show", cls=Command)
@ID
@as_json
@pass_context
def show(context: CommandContext, *, token_id: UUID, is_json: bool) -> None:
    """Show the token with this ID, without its secret.

    \b
    Example:
      python -m webapp token show 5f0c5d3e-8d0e-4a6b-9d51-0c8a0f1b2c3d
    """
    app = create_app(context.settings)
    try:
        with opened(context) as database, database.read() as db:
            owner_id = lifecycle.owner_of(db, token_id)
            row = lifecycle.find(db, owner_id, token_id) if owner_id else None
            if row is None:
                raise CommandRefused(f"There is no token with the ID {token_id}.")
            token = describe_token(db, row, services_of(app).get(Catalogue).for_user(db))
    finally:
        close(app)
    if is_json:
        print_json(token)
        return
    print_table(("FIELD", "VALUE"), facts(token))


@click.command("pattern", cls=Command)
@click.option("--issuer", help="Base URL of the site; default: WEBAPP_BASE_URL.")
@click.option("--any-site", is_flag=True, help="Match the tokens of every site that runs this program.")
@pass_context
def pattern(context: CommandContext, *, issuer: str | None, any_site: bool) -> None:
    """Print the regular expression by which secret scanners find tokens of this site.

    \b
    Example:
      python -m webapp token pattern
    """
    if issuer is not None and any_site:
        raise click.UsageError("--issuer and --any-site contradict each other.")
    click.echo(access_token_pattern(None if any_site else issuer or context.settings_to_read.base_url))


def facts(token: TokenDetails) -> list[tuple[str, str]]:
    used = (moment(token.last_used_at), token.last_used_from, token.last_used_by, token.last_used_for)
    return [
        ("Name", token.name),
        ("State", token.state_words),
        ("Scopes", " ".join(token.scopes)),
        ("Created", moment(token.created_at)),
        ("Expires", moment(token.expires_at)),
        ("Last used", ", ".join(filter(None, used))),
        ("Replaces", str(token.predecessor.id) if token.predecessor else "-"),
        ("Replaced by", str(token.successor.id) if token.successor else "-"),
        *[(f"{use.requests} requests", use.resource) for use in token.resources],
        *[(moment(denial.at), f"refused at {denial.route}: {denial.words}") for denial in token.denials],
    ]
