"""keys: list, rotate and retire the keys that sign tokens."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import click
from sqlalchemy.orm import Session

from webapp.audit.log import Event, record
from webapp.cli import emergency, new_secret, reseal
from webapp.cli.commands import CommandGroup
from webapp.cli.context import CommandContext, pass_context
from webapp.cli.db_context import opened
from webapp.cli.durations import DURATION
from webapp.cli.errors import CommandRefused
from webapp.cli.output import as_json, moment, print_json, print_note, print_table
from webapp.core.clock import now
from webapp.core.db import Database
from webapp.core.id_token_keys import IdTokenKeys
from webapp.core.key_table import KeyTable
from webapp.core.keys import RotationRefused, SigningKey
from webapp.core.signing_keys import TIMES

LONGEST_WAIT = timedelta(days=30)


@click.group("keys", cls=CommandGroup)
def command() -> None:
    """The keys that sign and verify tokens."""


command.add_command(emergency.command)
command.add_command(new_secret.command)
command.add_command(reseal.command)


@command.command("list")
@as_json
@pass_context
def list_(context: CommandContext, *, is_json: bool) -> None:
    """List the keys: one signs new tokens, a new one is published before it signs, the others only verify.

    \b
    Example:
      python -m webapp keys list
    """
    with opened(context) as database:
        keys = IdTokenKeys.of(context.settings, KeyTable(database, context.settings)).keys()
    if is_json:
        print_json([key_facts(key) for key in keys])
        return
    rows = [(key.kid, key.algorithm, use_of(key), *map(moment, (key.created_at, key.ends_at))) for key in keys]
    print_table(("KID", "ALGORITHM", "USE", "CREATED", "EXPIRES"), rows)


def key_facts(key: SigningKey) -> dict[str, object]:
    names = ("kid", "algorithm", *TIMES)
    return {name: getattr(key, name) for name in names} | {"use": use_of(key)}


def use_of(key: SigningKey) -> str:
    if key.is_pending(now()):
        return f"signs from {moment(key.signs_from)}"
    return "signs" if key.may_sign else "verifies"


@command.command("rotate")
@click.option(
    "--signs-after",
    type=DURATION,
    default="1h",
    show_default=True,
    help="How long the new key is published before it signs; 0s to sign at once. At most 30d.",
)
@click.option(
    "--overlap",
    type=DURATION,
    help="How long the old key still verifies after it stops signing; default: WEBAPP_TOKEN_LIFETIME_MAX.",
)
@click.option("--rs256", "is_rs256", is_flag=True, help="Rotate the RSA key of apps that read only RS256 instead.")
@pass_context
def rotate(context: CommandContext, *, signs_after: timedelta, overlap: timedelta | None, is_rs256: bool) -> None:
    """Publish a new key, sign new tokens with it later, in every running process, and print its key ID.

    Services that verify tokens have fetched the new key by then. Tokens signed with the old key stop working when the
    overlap ends. After a theft, use: keys emergency.

    \b
    Examples:
      python -m webapp keys rotate
      python -m webapp keys rotate --signs-after 1d --overlap 30d
      python -m webapp keys rotate --signs-after 0s --overlap 0s
    """
    if not timedelta() <= signs_after <= LONGEST_WAIT:
        raise click.BadParameter("must be at most 30d", param_hint="--signs-after")
    overlap = context.settings.token_lifetime_max if overlap is None else overlap
    spans: dict[str, Any] = {"overlap": int(overlap.total_seconds()), "signs_after": int(signs_after.total_seconds())}
    with opened(context) as database:
        rings = IdTokenKeys.of(context.settings, KeyTable(database, context.settings)).rings()
        if is_rs256 and len(rings) == 1:
            raise CommandRefused("No app has needed an RSA key yet.")
        ring = rings[-1] if is_rs256 else rings[0]
        former = ring.current()
        with rotating(database) as db:
            key = ring.rotate(db, overlap, signs_after=signs_after)
            record(db, Event.KEY_ROTATED, retired=former.kid, **spans)
    if key.signs_from is not None:
        print_note(f"It is published now and signs from {moment(key.signs_from)}.")
    print_note(f"The old key {former.kid} verifies tokens until {moment((key.signs_from or now()) + overlap)}.")
    click.echo(key.kid)


@contextmanager
def rotating(database: Database) -> Iterator[Session]:
    """A write transaction in which refusals of a key ring become one sentence for the operator."""
    try:
        with database.write() as db:
            yield db
    except RotationRefused as error:
        raise CommandRefused(str(error)) from error


@command.command("retire")
@click.argument("kid")
@pass_context
def retire(context: CommandContext, *, kid: str) -> None:
    """Stop accepting tokens that the old key KID signed, at once and in every running process.

    A new key that does not sign yet is withdrawn; the current key keeps signing.

    \b
    Example:
      python -m webapp keys retire "$(python -m webapp keys list --json | jq -r '.[-1].kid')"
    """
    with opened(context) as database:
        ring = IdTokenKeys.of(context.settings, KeyTable(database, context.settings)).holding(kid)
        with rotating(database) as db:
            ring.retire(db, kid)
            record(db, Event.KEY_RETIRED, retired=kid)
    print_note(f"Tokens signed with {kid} are no longer accepted.")
