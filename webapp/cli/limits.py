"""limits: list and reset the counts of failed logins and invalid tokens."""

from contextlib import closing

import click

from webapp.audit.log import Event, record
from webapp.cli.commands import CommandGroup
from webapp.cli.context import CommandContext, pass_context
from webapp.cli.db_context import opened
from webapp.cli.output import as_json, moment, print_json, print_note, print_table
from webapp.core.humanize import counted
from webapp.core.ratelimit import Limiter, limiter_for


@click.group("limits", cls=CommandGroup)
def command() -> None:
    """Counts of rate limits, such as failed logins by account and by network."""


@command.command("list")
@as_json
@pass_context
def list_(context: CommandContext, *, is_json: bool) -> None:
    """List the current counts and when their windows end.

    \b
    Example:
      python -m webapp limits list
    """
    with opened(context) as database, closing(limiter_for(context.settings, database)) as limiter:
        note_left_out_counts(limiter)
        entries = limiter.entries()
    if is_json:
        print_json([{"key": key, "hits": hits, "ends_at": ends_at} for key, hits, ends_at in entries])
        return
    print_table(("KEY", "HITS", "ENDS"), [(key, str(hits), moment(ends_at)) for key, hits, ends_at in entries])


@command.command("reset")
@click.argument("prefix", required=False)
@pass_context
def reset(context: CommandContext, *, prefix: str | None) -> None:
    """Delete the counts whose key begins with PREFIX, or all of them, and print how many were deleted.

    \b
    Examples:
      python -m webapp limits reset
      python -m webapp limits reset login-network
    """
    with opened(context) as database, closing(limiter_for(context.settings, database)) as limiter:
        # First, and committed: the counts may be in Valkey, and none may be deleted without an audit event.
        with database.write() as db:
            record(db, Event.LIMITS_RESET, prefix=prefix)
        note_left_out_counts(limiter)
        deleted = limiter.reset(prefix or "")
    print_note(f"{counted(deleted, 'count')} deleted.")
    click.echo(deleted)


def note_left_out_counts(limiter: Limiter) -> None:
    if limiter.valkey is not None and not limiter.valkey.answers():
        print_note("Valkey does not answer, so the counts that it holds are left out.")
