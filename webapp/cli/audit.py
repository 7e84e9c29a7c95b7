"""audit: read, export, verify and archive the audit log."""

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import click
from sqlalchemy.orm import Session

from webapp.accounts import user_queries
from webapp.audit import archive, chain, event_queries, export_formats
from webapp.audit.event_queries import AuditFilter
from webapp.audit.log import FORMER_NAMES, Event
from webapp.audit.models import AuditEvent
from webapp.audit.sentences.declared import DECLARED
from webapp.cli import plugin_tables
from webapp.cli.audit_events import MAX_AT_ONCE, as_line, as_object, latest, names_in, what_follows
from webapp.cli.commands import CommandGroup
from webapp.cli.context import CommandContext, pass_context
from webapp.cli.db_context import opened
from webapp.cli.errors import CommandRefused
from webapp.cli.lookups import user_named
from webapp.cli.output import print_note
from webapp.settings import SettingsError


@click.group("audit", cls=CommandGroup)
@pass_context
def command(context: CommandContext) -> None:
    """The audit log."""
    # Loaded for the sentences of their events; without, these are shown by their names.
    with suppress(SettingsError):
        plugin_tables.plugins(context.settings_to_read)


command.former_names = {"retire": "archive"}


class EventName(click.Choice[str]):
    """An event of this site, or one that a plug-in has declared."""

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        return value if value in DECLARED else super().convert(value, param, ctx)


event_option = click.option(
    "--event", type=EventName([*map(str, Event), *FORMER_NAMES]), metavar="EVENT", help="Only this event."
)


@command.command("tail")
@click.option("-n", "--lines", type=click.IntRange(0, MAX_AT_ONCE), default=20, show_default=True)
@click.option("-f", "--follow", is_flag=True, help="Keep printing new events until Ctrl-C.")
@event_option
@click.option("--json", "is_json", is_flag=True, help="Print each event as a JSON object on a line of its own.")
@pass_context
def tail(context: CommandContext, *, lines: int, follow: bool, event: str | None, is_json: bool) -> None:
    """Print the latest events, one sentence per line, the newest last.

    \b
    Examples:
      python -m webapp audit tail
      python -m webapp audit tail -n 0 --follow --event session.refused --json
    """
    with opened(context) as database:
        batches = what_follows(database, lines=lines, event=event) if follow else latest(database, lines, event)
        try:
            for found in batches:
                names = names_in(database, found)
                for entry in found:
                    click.echo(as_object(entry, names) if is_json else as_line(entry, names))
        except KeyboardInterrupt:
            return


DAY = click.DateTime(["%Y-%m-%d"])
user_option = click.option("--user", metavar="NAME|ID", help="Only events about this user.")
actor_option = click.option("--actor", metavar="NAME|ID", help="Only actions by this user on others.")
ip_address_option = click.option("--ip-address", "--address", "ip_address", help="Only from this IP address.")
request_option = click.option(
    "--request", metavar="ID", help="Only from this request, by the ID that error pages and problems show."
)
route_option = click.option(
    "--route", metavar="RULE", help="Only requests to this URL rule that were refused, or recorded by audit=True."
)
since_option = click.option("--since", type=DAY, metavar="DATE", help="From this day on, in UTC.")
until_option = click.option("--until", type=DAY, metavar="DATE", help="Up to and including this day, in UTC.")


def filters(command: Callable[..., None]) -> Callable[..., None]:
    of_request = (route_option, request_option, ip_address_option)
    for option in (until_option, since_option, *of_request, actor_option, user_option, event_option):
        command = option(command)
    return command


def audit_filter(db: Session, **criteria: object) -> AuditFilter:
    user, actor = (whom(db, str(name)) if name else None for name in (criteria["user"], criteria["actor"]))
    until = moment_of(criteria["until"])
    return AuditFilter(
        user_id=user,
        actor_id=actor,
        event=str(criteria["event"] or ""),
        ip_address=str(criteria["ip_address"] or ""),
        request_id=str(criteria["request"] or ""),
        route=str(criteria["route"] or ""),
        since=moment_of(criteria["since"]),
        until=until + timedelta(days=1) if until else None,
    )


def whom(db: Session, text: str) -> UUID:
    """The user's ID, from an ID or a name; a deleted user is found by ID only."""
    try:
        return UUID(text)
    except ValueError:
        return user_named(db, text).id


def moment_of(day: object) -> datetime | None:
    return day.replace(tzinfo=UTC) if isinstance(day, datetime) else None


def names_of(db: Session, entries: Iterable[AuditEvent]) -> dict[UUID, str]:
    return user_queries.names_of(db, {i for entry in entries for i in (entry.user_id, entry.actor_id) if i})


@command.command("list")
@click.option("-n", "--lines", type=click.IntRange(1, MAX_AT_ONCE), default=50, show_default=True)
@click.option("--json", "is_json", is_flag=True, help="Print each event as a JSON object with its hash chain.")
@filters
@pass_context
def list_(context: CommandContext, /, *, lines: int, is_json: bool, **criteria: object) -> None:
    """Print audit events, one sentence per line, newest first.

    \b
    Example:
      python -m webapp audit list --user ada --event role.changed
    """
    with opened(context) as database, database.read() as db:
        found = event_queries.search(db, audit_filter(db, **criteria), limit=lines)
        names = names_of(db, found)
        for entry in found:
            click.echo(export_formats.as_line(entry, names).decode().rstrip() if is_json else as_line(entry, names))


@command.command("export")
@click.option("--format", "form", type=click.Choice(["jsonl", "csv"]), default="jsonl", show_default=True)
@filters
@pass_context
def export(context: CommandContext, /, *, form: str, **criteria: object) -> None:
    """Write all events that match the filters to standard output, newest first.

    \b
    Example:
      python -m webapp audit export --format csv --since 2026-01-01 > audit.csv
    """
    with opened(context) as database, database.read() as db:
        names = {user.id: user.username for user in user_queries.all_users(db)}
        entries = event_queries.search_all(db, audit_filter(db, **criteria))
        lines = (
            export_formats.as_csv(entries, names)
            if form == "csv"
            else (export_formats.as_line(e, names) for e in entries)
        )
        for line in lines:
            click.echo(line.decode(), nl=False)


@command.command("verify")
@pass_context
def verify(context: CommandContext) -> None:
    """Check that no event was changed or removed, and name the first that was (exit code 1).

    Keep the printed number and digest: for the same number, later runs must print the same digest.

    \b
    Example:
      python -m webapp audit verify
    """
    with opened(context) as database, database.read() as db:
        verdict = chain.verify(db)
    if verdict.broken_at is not None:
        raise CommandRefused(
            f"Event {verdict.broken_at} was changed or removed; the {verdict.events} events before it are unchanged."
        )
    print_note(f"{verdict.events} events are unchanged.")
    click.echo(f"{verdict.last} {verdict.digest}")


@command.command("archive")
@click.option("--before", type=DAY, required=True, metavar="DATE", help="Events before this day, in UTC.")
@click.option("--to", "file", type=click.Path(path_type=Path), required=True, help="A new file.")
@pass_context
def archive_(context: CommandContext, *, before: datetime, file: Path) -> None:
    """Move old events to a file with their hash chain; the remaining events continue the chain.

    \b
    Example:
      python -m webapp audit archive --before 2026-01-01 --to audit-2025.jsonl
    """
    with opened(context) as database:
        try:
            with database.write() as db:
                archived = archive.archive_events(
                    db,
                    before=before.replace(tzinfo=UTC),
                    write=lambda entries: store_archive(file, entries),
                    file=file.name,
                )
        except FileExistsError as error:
            raise CommandRefused(f"{file} already exists. Name another file.") from error
        except OSError as error:
            raise CommandRefused(f"{file} cannot be written: {error.strerror}. Nothing was removed.") from error
    print_note(f"{archived.events} events were moved; the chain continues after {archived.last}.")
    click.echo(f"{archived.last} {archived.digest}")


def store_archive(file: Path, entries: Iterable[AuditEvent]) -> None:
    """Write the events to disk, with mode 600, before any of them is removed from the database."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as lines:
        for entry in entries:
            lines.write(export_formats.as_line(entry, {}))
        lines.flush()
        os.fsync(lines.fileno())
