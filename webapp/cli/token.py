"""token: mint, list, show, rotate and revoke API tokens."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import click
from sqlalchemy.orm import Session

from webapp.accounts import user_queries
from webapp.accounts.models import User
from webapp.app import close, create_app
from webapp.cli import mint_checks, token_rotation
from webapp.cli.commands import CommandGroup
from webapp.cli.context import CommandContext, pass_context
from webapp.cli.db_context import opened
from webapp.cli.durations import LIFETIME
from webapp.cli.errors import CommandRefused
from webapp.cli.lookups import user_named
from webapp.cli.mint_checks import MintOrder
from webapp.cli.output import as_json, moment, print_json, print_note, print_table
from webapp.core.combining_marks import STACKED, is_stacked
from webapp.guard.token_grant import MAX_PER_MINUTE, METHODS
from webapp.tokens import issuing, lifecycle, refresh_families, script_logins, token_list
from webapp.tokens.issuing import LONGEST_NOTE
from webapp.tokens.owner_notifier import OwnerNotifier
from webapp.tokens.script_logins import ScriptLogin
from webapp.tokens.token_list import Token
from webapp.web.registry import services_of

EVERY = 1_000_000


def short(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    if value and (len(value) > LONGEST_NOTE or not value.isprintable()):
        raise click.BadParameter(f"must be one line of at most {LONGEST_NOTE} characters")
    if value and is_stacked(value):
        raise click.BadParameter(STACKED)
    return value


@click.group("token", cls=CommandGroup)
def command() -> None:
    """API tokens and script logins."""


@command.command("mint")
@click.argument("user")
@click.option("--name", required=True, help="Name of the token, such as the machine that uses it; 3 to 50 characters.")
@click.option("--scope", "scopes", multiple=True, required=True, help="A scope of the token; may be repeated.")
@click.option(
    "--expires", type=LIFETIME, default="30d", show_default=True, help="Lifetime, such as 12h or 90d, or never."
)
@click.option("--reason", help="Why the token must never expire; 10 to 200 characters.")
@click.option("--note", help=f"Note on what the token is for; at most {LONGEST_NOTE} characters.", callback=short)
@click.option("--resource", "resources", multiple=True, help="Only for this path, such as /protected; may be repeated.")
@click.option(
    "--method", "methods", multiple=True, type=click.Choice(METHODS), help="Only this HTTP method; may be repeated."
)
@click.option("--network", "networks", multiple=True, help="Only from this network, such as 10.0.0.0/8; repeatable.")
@click.option("--per-minute", type=click.IntRange(1, MAX_PER_MINUTE), help="Maximum number of requests per minute.")
@click.option("--key", help="A public JWK or its thumbprint: the token works only with a DPoP proof of that key.")
@pass_context
def mint(context: CommandContext, /, *, user: str, expires: timedelta, **options: Any) -> None:
    """Create a token for USER and print it. It is not shown again.

    \b
    Examples:
      python -m webapp token mint ada --name backup --scope protected:read --expires 7d
      curl -H "Authorization: Bearer $(python -m webapp token mint ada --name once --scope protected:read \\
        --expires 5m)" http://localhost:8000/protected
      python -m webapp token mint ada --name wall --scope protected:read --method GET --network 10.0.0.0/8
    """
    built = mint_checks.tools(context.settings)
    with built as (issuer, catalogue), opened(context) as database, database.write() as db:
        owner = user_named(db, user)
        requested = mint_checks.token_request(
            db, context.settings, catalogue, owner, MintOrder(lifetime=expires, **options)
        )
        try:
            issued = issuer.issue(db, owner.id, requested, mint_checks.PROVEN_BY_NOBODY)
        except issuing.TokenNameTaken as error:
            raise CommandRefused(f"{owner.username} already has a token named {requested.name}.") from error
        except issuing.TooManyTokens as error:
            raise CommandRefused(
                f"{owner.username} already has {error.max_tokens} live tokens, the maximum."
            ) from error
    end = moment(issued.credential.expires_at)
    print_note(f"{requested.name} ({issued.entry.id}) {'never expires' if end == 'never' else f'expires {end}'}.")
    click.echo(issued.token)


@command.command("list")
@click.argument("user", required=False)
@click.option("--all", "with_ended", is_flag=True, help="Include tokens that ended within the last 90 days.")
@as_json
@pass_context
def list_(context: CommandContext, *, user: str | None, with_ended: bool, is_json: bool) -> None:
    """List the live tokens of USER, or of all users, without their secrets.

    A script login is one entry, with the name of the script, for all access tokens from its refresh token.

    \b
    Examples:
      python -m webapp token list ada
      python -m webapp token list --json | jq -r '.[] | select(.last_used_at == null).id'
    """
    with opened(context) as database, database.read() as db:
        owners = [user_named(db, user)] if user else user_queries.all_users(db)
        found = [(owner, token) for owner in owners for token in tokens_of(db, owner, with_ended=with_ended)]
    if is_json:
        print_json([token_facts(owner, token) for owner, token in found])
        return
    rows = [cells(owner, token) for owner, token in found]
    print_table(("ID", "USER", "NAME", "STATE", "EXPIRES", "LAST USED", "SCOPES"), rows)


def tokens_of(db: Session, owner: User, *, with_ended: bool) -> Sequence[Token]:
    live = [
        *token_list.token_page(db, owner.id, is_live=True, size=EVERY).tokens,
        *map(as_token, script_logins.live(db, owner.id)),
    ]
    return [*live, *token_list.token_page(db, owner.id, is_live=False, size=EVERY).tokens] if with_ended else live


def as_token(login: ScriptLogin) -> Token:
    return Token(
        id=login.id,
        name=f"login of {login.client}",
        scopes=login.scopes,
        state="active",
        created_at=login.started_at,
        expires_at=login.idle_at or login.expires_at,
        revoked_at=None,
        last_used_at=login.refreshed_at,
        last_used_from=login.refreshed_from,
        week=[],
    )


def cells(owner: User, token: Token) -> tuple[str, ...]:
    times = moment(token.expires_at), moment(token.last_used_at)
    return str(token.id), owner.username, token.name, token.state_words, *times, " ".join(token.scopes)


def token_facts(owner: User, token: Token) -> dict[str, object]:
    return {"username": owner.username} | {name: getattr(token, name) for name in token.__struct_fields__}


@command.command("revoke")
@click.argument("token_id", metavar="ID", type=click.UUID)
@pass_context
def revoke(context: CommandContext, *, token_id: UUID) -> None:
    """Revoke the token with this ID (its jti) at once, or end a script login with all its tokens.

    Revoking a token twice is not an error.

    \b
    Example:
      python -m webapp token revoke 5f0c5d3e-8d0e-4a6b-9d51-0c8a0f1b2c3d
    """
    with opened(context) as database, database.write() as db:
        if refresh_families.owner_of(db, token_id) is not None:
            revoked = refresh_families.end(db, token_id, origin="cli")
        elif (owner_id := lifecycle.owner_of(db, token_id)) is not None:
            revoked = lifecycle.revoke(db, owner_id, token_id, origin="cli")
            if revoked:
                notify_owner(context, db, owner_id, token_id)
        else:
            raise CommandRefused(f"There is no token with the ID {token_id}.")
    print_note("Revoked." if revoked else "It was already revoked.")


def notify_owner(context: CommandContext, db: Session, owner_id: UUID, token_id: UUID) -> None:
    """Mail the owner that an operator revoked their token."""
    row = lifecycle.find(db, owner_id, token_id)
    if row is None:
        return
    app = create_app(context.settings)
    try:
        services_of(app).get(OwnerNotifier)(db, "token_revoked", row, origin="cli")
    finally:
        close(app)


command.add_command(token_rotation.rotate)
command.add_command(token_rotation.show)
command.add_command(token_rotation.pattern)
