"""limits: how often something was tried, and forgetting it."""

import click

from webapp.audit.log import Event, record
from webapp.cli.commands import CommandGroup
from webapp.cli.context import CommandContext, pass_context
from webapp.cli.db_context import opened
from webapp.cli.output import as_json, moment, say_aside, say_json, say_table
from webapp.core.humanize import counted
from webapp.core.ratelimit import limiter_for


@click.group("limits", cls=CommandGroup)
def command() -> None:
    """Counted login tries, by account and by address."""


@command.command("list")
@as_json
@pass_context
def list_(house: CommandContext, *, is_json: bool) -> None:
    """List what is counted now, and when its window ends.

    \b
    Example:
      python -m webapp limits list
    """
    with opened(house) as database:
        entries = limiter_for(house.settings, database).entries()
    if is_json:
        say_json([{"key": key, "hits": hits, "ends_at": ends_at} for key, hits, ends_at in entries])
        return
    say_table(("KEY", "HITS", "ENDS"), [(key, str(hits), moment(ends_at)) for key, hits, ends_at in entries])


@command.command("reset")
@click.argument("prefix", required=False)
@pass_context
def reset(house: CommandContext, *, prefix: str | None) -> None:
    """Forget the counts whose key begins with PREFIX, or all of them, and print how many there were.

    \b
    Examples:
      python -m webapp limits reset
      python -m webapp limits reset login-address
    """
    with opened(house) as database:
        # In a transaction of its own and first: the counts are another's, and none is forgotten unrecorded.
        with database.write() as db:
            record(db, Event.LIMITS_RESET, prefix=prefix)
        forgotten = limiter_for(house.settings, database).reset(prefix)
    say_aside(f"{counted(forgotten, 'window')} forgotten.")
    click.echo(forgotten)
