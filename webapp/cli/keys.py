"""keys: list, rotate and retire the keys that sign tokens."""

from datetime import timedelta

import click

from webapp.audit.log import Event, record
from webapp.cli import emergency
from webapp.cli.commands import CommandGroup
from webapp.cli.context import CommandContext, pass_context
from webapp.cli.db_context import opened
from webapp.cli.durations import DURATION
from webapp.cli.errors import CommandRefused
from webapp.cli.output import as_json, moment, say_aside, say_json, say_table
from webapp.core.clock import now
from webapp.core.keys import RotationRefused, SigningKey, ring_for


@click.group("keys", cls=CommandGroup)
def command() -> None:
    """The keys that sign and verify tokens."""


command.add_command(emergency.command)


@command.command("list")
@as_json
@pass_context
def list_(context: CommandContext, *, is_json: bool) -> None:
    """List the keys. The first one signs new tokens, the others only verify.

    \b
    Example:
      python -m webapp keys list
    """
    keys = ring_for(context.settings).keys()
    if is_json:
        say_json([key_facts(key) for key in keys])
        return
    rows = [(key.kid, key.algorithm, use_of(key), moment(key.created_at), moment(key.ends_at)) for key in keys]
    say_table(("KID", "ALGORITHM", "USE", "CREATED", "EXPIRES"), rows)


def key_facts(key: SigningKey) -> dict[str, object]:
    names = ("kid", "algorithm", "created_at", "retired_at", "ends_at")
    return {name: getattr(key, name) for name in names} | {"use": use_of(key)}


def use_of(key: SigningKey) -> str:
    return "signs" if key.may_sign else "verifies"


@command.command("rotate")
@click.option(
    "--overlap", type=DURATION, help="How long the old key still verifies; default: WEBAPP_TOKEN_LIFETIME_MAX."
)
@pass_context
def rotate(context: CommandContext, *, overlap: timedelta | None) -> None:
    """Sign new tokens with a new key, in every running process, and print its key ID.

    Tokens signed with the old key stop working when the overlap ends. After a theft, use: keys emergency.

    \b
    Examples:
      python -m webapp keys rotate
      python -m webapp keys rotate --overlap 30d
    """
    ring = ring_for(context.settings)
    former = ring.current()
    overlap = context.settings.token_lifetime_max if overlap is None else overlap
    try:
        with opened(context) as database, database.write() as db:
            # Written first, so that a key is not rotated where that cannot be recorded.
            record(db, Event.KEY_ROTATED, retired=former.kid, overlap=int(overlap.total_seconds()))
            db.flush()
            key = ring.rotate(overlap)
    except RotationRefused as error:
        raise CommandRefused(str(error)) from error
    say_aside(f"The old key {former.kid} verifies tokens until {moment(now() + overlap)}.")
    click.echo(key.kid)


@command.command("retire")
@click.argument("kid")
@pass_context
def retire(context: CommandContext, *, kid: str) -> None:
    """Stop accepting tokens that the old key KID signed, at once and in every running process.

    \b
    Example:
      python -m webapp keys retire "$(python -m webapp keys list --json | jq -r '.[-1].kid')"
    """
    ring = ring_for(context.settings)
    try:
        with opened(context) as database, database.write() as db:
            record(db, Event.KEY_RETIRED, retired=kid)
            db.flush()
            ring.retire(kid)
    except RotationRefused as error:
        raise CommandRefused(str(error)) from error
    say_aside(f"Tokens signed with {kid} are no longer accepted.")
