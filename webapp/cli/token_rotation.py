"""token rotate, token show: a successor by hand, and what is known of one token."""

from datetime import timedelta
from uuid import UUID

import click

from webapp.app import close, create_app
from webapp.cli.commands import Command
from webapp.cli.context import CommandContext, pass_context
from webapp.cli.db_context import opened
from webapp.cli.durations import DURATION
from webapp.cli.errors import CommandRefused
from webapp.cli.output import as_json, moment, say_aside, say_json, say_table
from webapp.tokens import lifecycle, rotation
from webapp.tokens.issuing import TokenIssuer, TooManyTokens
from webapp.tokens.owner_notifier import OwnerNotifier
from webapp.tokens.rotation import Handover, NotRotatable
from webapp.tokens.scopes import Catalogue
from webapp.tokens.token_details import TokenDetails, details
from webapp.web.registry import services_of

ID = click.argument("token_id", metavar="ID", type=click.UUID)
LONGEST = timedelta(days=7)


@click.command("rotate", cls=Command)
@ID
@click.option("--overlap", type=DURATION, default="24h", show_default=True, help="So long both work; at most 7d.")
@pass_context
def rotate(house: CommandContext, *, token_id: UUID, overlap: timedelta) -> None:
    """Exchange the token with this ID for its successor and print that, now and never again.

    \b
    Example:
      python -m webapp token rotate 5f0c5d3e-8d0e-4a6b-9d51-0c8a0f1b2c3d --overlap 24h
    """
    if not timedelta() <= overlap <= LONGEST:
        raise CommandRefused("Two tokens work beside each other for at most 7d.")
    settings = house.settings
    handover = Handover(
        overlap=overlap,
        longest=settings.token_lifetime_max,
        may_never_end=settings.token_never_expires,
        origin="cli",
    )
    app = create_app(settings)
    try:
        with opened(house) as database, database.write() as db:
            owner_id = lifecycle.owner_of(db, token_id)
            if owner_id is None:
                raise CommandRefused(f"There is no token with the id {token_id}.")
            rotated = rotation.rotate(db, services_of(app).get(TokenIssuer), owner_id, token_id, handover)
            services_of(app).get(OwnerNotifier)(db, "token_rotated", rotated.former, origin="cli")
    except (NotRotatable, TooManyTokens) as error:
        raise CommandRefused(str(error)) from error
    finally:
        close(app)
    new, old = rotated.issued, rotated.former.credential
    say_aside(f"{new.entry.name} ({new.entry.id}) takes over; the old one ends {moment(old.expires_at)}.")
    click.echo(new.token)


@click.command("show", cls=Command)
@ID
@as_json
@pass_context
def show(house: CommandContext, *, token_id: UUID, is_json: bool) -> None:
    """Show what is known of the token with this ID; never the token itself.

    \b
    Example:
      python -m webapp token show 5f0c5d3e-8d0e-4a6b-9d51-0c8a0f1b2c3d
    """
    app = create_app(house.settings)
    try:
        with opened(house) as database, database.read() as db:
            owner_id = lifecycle.owner_of(db, token_id)
            row = lifecycle.find(db, owner_id, token_id) if owner_id else None
            if row is None:
                raise CommandRefused(f"There is no token with the id {token_id}.")
            token = details(db, row, services_of(app).get(Catalogue))
    finally:
        close(app)
    if is_json:
        say_json(token)
        return
    say_table(("WHAT", "VALUE"), facts(token))


def facts(token: TokenDetails) -> list[tuple[str, str]]:
    used = (moment(token.last_used_at), token.last_used_from, token.last_used_by, token.last_used_for)
    return [
        ("Name", token.name),
        ("State", token.state_words),
        ("Scopes", " ".join(token.scopes)),
        ("Made", moment(token.created_at)),
        ("Expires", moment(token.expires_at)),
        ("Last used", ", ".join(filter(None, used))),
        ("Took over from", str(token.predecessor.id) if token.predecessor else "-"),
        ("Taken over by", str(token.successor.id) if token.successor else "-"),
        *[(f"{use.requests} times", use.resource) for use in token.resources],
        *[(moment(denial.at), f"refused at {denial.route}: {denial.words}") for denial in token.denials],
    ]
