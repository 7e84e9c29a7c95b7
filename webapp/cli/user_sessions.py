"""user sessions, logout, purge: list and end sessions, delete closed accounts."""

import click

from webapp.accounts import lifecycle as account_lifecycle
from webapp.cli.commands import Command
from webapp.cli.context import CommandContext, pass_context
from webapp.cli.db_context import opened
from webapp.cli.lookups import user_named
from webapp.cli.output import as_json, moment, print_json, print_note, print_table
from webapp.core.db import Database
from webapp.core.humanize import counted
from webapp.sessions import lifecycle, session_list


@click.command("sessions", cls=Command)
@click.argument("name")
@as_json
@pass_context
def sessions(context: CommandContext, *, name: str, is_json: bool) -> None:
    """List the sessions of a user, the most recently used first.

    \b
    Example:
      python -m webapp user sessions ada
    """
    with opened(context) as database, database.read() as db:
        user = user_named(db, name)
        found = [session_list.session_entry(credential, browser) for credential, browser in lifecycle.live(db, user.id)]
    if is_json:
        names = (
            "id",
            "name",
            "ip_address",
            "address",
            "method",
            "started_at",
            "last_seen_at",
            "expires_at",
            "remembered",
        )
        print_json([{field: getattr(device, field) for field in names} for device in found])
        return
    rows = [
        (d.name, d.ip_address or "-", d.method, moment(d.started_at), moment(d.last_seen_at), moment(d.expires_at))
        for d in found
    ]
    print_table(("BROWSER", "IP ADDRESS", "LOGIN", "FIRST SEEN", "LAST SEEN", "EXPIRES"), rows)


@click.command("logout", cls=Command)
@click.argument("name")
@pass_context
def logout(context: CommandContext, *, name: str) -> None:
    """End all sessions of a user; their tokens stay valid.

    \b
    Example:
      python -m webapp user logout ada
    """
    with opened(context) as database, database.write() as db:
        user = user_named(db, name)
        ended = lifecycle.end_others(db, user.id, way="operator")
    print_note(f"{user.username} is logged out in all browsers; {counted(ended, 'session')} ended.")


@click.command("purge", cls=Command)
@pass_context
def purge(context: CommandContext) -> None:
    """Delete the accounts that were closed and whose grace period is over.

    The running server does this every day.

    \b
    Example:
      python -m webapp user purge
    """
    forgotten = 0
    with opened(context) as database:
        while some := forget_some(database):
            forgotten += some
    print_note(f"{counted(forgotten, 'account')} deleted permanently.")


def forget_some(database: Database) -> int:
    with database.write() as db:
        return account_lifecycle.delete_due(db)
