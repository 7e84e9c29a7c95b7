"""audit: what happened, and that it was not changed since."""

import os
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import click
from sqlalchemy.orm import Session

from webapp.accounts import user_queries
from webapp.audit import archive, chain, export_formats, reading
from webapp.audit.log import Event
from webapp.audit.models import AuditEvent
from webapp.audit.reading import AuditFilter
from webapp.cli.audit_events import MOST_AT_ONCE, as_line, as_object, latest, names_in, what_follows
from webapp.cli.commands import CommandGroup
from webapp.cli.context import CommandContext, pass_context
from webapp.cli.db_context import opened
from webapp.cli.errors import CommandRefused
from webapp.cli.lookups import user_named
from webapp.cli.output import say_aside


@click.group("audit", cls=CommandGroup)
def command() -> None:
    """What happened here."""


@command.command("tail")
@click.option("-n", "--lines", type=click.IntRange(0, MOST_AT_ONCE), default=20, show_default=True)
@click.option("-f", "--follow", is_flag=True, help="Go on with what happens, until Ctrl-C.")
@click.option("--event", type=click.Choice([event.value for event in Event]), metavar="EVENT", help="Only this one.")
@click.option("--json", "is_json", is_flag=True, help="Each line is an object of JSON.")
@pass_context
def tail(house: CommandContext, *, lines: int, follow: bool, event: str | None, is_json: bool) -> None:
    """Print the last events, one a line, the latest at the end.

    \b
    Examples:
      python -m webapp audit tail
      python -m webapp audit tail -n 0 --follow --event session.refused --json
    """
    with opened(house) as database:
        batches = what_follows(database, lines=lines, event=event) if follow else latest(database, lines, event)
        try:
            for found in batches:
                names = names_in(database, found)
                for entry in found:
                    click.echo(as_object(entry, names) if is_json else as_line(entry, names))
        except KeyboardInterrupt:
            return


DAY = click.DateTime(["%Y-%m-%d"])
event_option = click.option(
    "--event", type=click.Choice([event.value for event in Event]), metavar="EVENT", help="Only this one."
)
user_option = click.option("--user", metavar="NAME|ID", help="Only what happened to them.")
actor_option = click.option("--actor", metavar="NAME|ID", help="Only what they did for others.")
address_option = click.option("--address", help="Only from there.")
since_option = click.option("--since", type=DAY, metavar="DATE", help="From this day on, in UTC.")
until_option = click.option("--until", type=DAY, metavar="DATE", help="Up to and with this day, in UTC.")


def filters(command: Callable[..., None]) -> Callable[..., None]:
    return event_option(user_option(actor_option(address_option(since_option(until_option(command))))))


def audit_filter(db: Session, **said: object) -> AuditFilter:
    user, actor = (whom(db, str(name)) if name else None for name in (said["user"], said["actor"]))
    until = moment_of(said["until"])
    return AuditFilter(
        user_id=user,
        actor_id=actor,
        event=str(said["event"] or ""),
        address=str(said["address"] or ""),
        since=moment_of(said["since"]),
        until=until + timedelta(days=1) if until else None,
    )


def whom(db: Session, text: str) -> UUID:
    """Those who are deleted are found by their id alone."""
    try:
        return UUID(text)
    except ValueError:
        return user_named(db, text).id


def moment_of(day: object) -> datetime | None:
    return day.replace(tzinfo=UTC) if isinstance(day, datetime) else None


def names_of(db: Session, entries: Iterable[AuditEvent]) -> dict[UUID, str]:
    return user_queries.names_of(db, {i for entry in entries for i in (entry.user_id, entry.actor_id) if i})


@command.command("list")
@click.option("-n", "--lines", type=click.IntRange(1, MOST_AT_ONCE), default=50, show_default=True)
@click.option("--json", "is_json", is_flag=True, help="Each line is an object of JSON, with its chain.")
@filters
@pass_context
def list_(house: CommandContext, /, *, lines: int, is_json: bool, **said: object) -> None:
    """Print what happened, the latest first.

    \b
    Example:
      python -m webapp audit list --user ada --event role.changed
    """
    with opened(house) as database, database.read() as db:
        found = reading.search(db, audit_filter(db, **said), limit=lines)
        names = names_of(db, found)
        for entry in found:
            click.echo(export_formats.as_line(entry, names).decode().rstrip() if is_json else as_line(entry, names))


@command.command("export")
@click.option("--format", "form", type=click.Choice(["jsonl", "csv"]), default="jsonl", show_default=True)
@filters
@pass_context
def export(house: CommandContext, /, *, form: str, **said: object) -> None:
    """Write everything that the filters find to standard output, the latest first.

    \b
    Example:
      python -m webapp audit export --format csv --since 2026-01-01 > audit.csv
    """
    with opened(house) as database, database.read() as db:
        names = {user.id: user.username for user in user_queries.everybody(db)}
        entries = reading.every(db, audit_filter(db, **said))
        lines = (
            export_formats.as_csv(entries, names)
            if form == "csv"
            else (export_formats.as_line(e, names) for e in entries)
        )
        for line in lines:
            click.echo(line.decode(), nl=False)


@command.command("verify")
@pass_context
def verify(house: CommandContext) -> None:
    """Prove that no event was changed or removed; else name the first that was. Exit code 1 where one was.

    Write down what it prints: with the same number, it must print the same digest ever after.

    \b
    Example:
      python -m webapp audit verify
    """
    with opened(house) as database, database.read() as db:
        verdict = chain.verify(db)
    if verdict.broken_at is not None:
        raise CommandRefused(
            f"Event {verdict.broken_at} was changed or removed; {verdict.events} before it are as written."
        )
    say_aside(f"{verdict.events} events are as they were written.")
    click.echo(f"{verdict.last} {verdict.digest}")


@command.command("retire")
@click.option("--before", type=DAY, required=True, metavar="DATE", help="What happened before this day, in UTC.")
@click.option("--to", "file", type=click.Path(path_type=Path), required=True, help="A file that is not there yet.")
@pass_context
def retire(house: CommandContext, *, before: datetime, file: Path) -> None:
    """Move old events to a file, with their chain, and seal where the rest goes on.

    \b
    Example:
      python -m webapp audit retire --before 2026-01-01 --to audit-2025.jsonl
    """
    with opened(house) as database:
        try:
            with database.write() as db:
                done = archive.retire(
                    db, before=before.replace(tzinfo=UTC), write=lambda entries: keep(file, entries), file=file.name
                )
        except FileExistsError as error:
            raise CommandRefused(f"{file} is there already; nothing is written over.") from error
        except OSError as error:
            raise CommandRefused(f"{file} cannot be written: {error.strerror}. Nothing was removed.") from error
    say_aside(f"{done.events} events were moved; the chain goes on after {done.last}.")
    click.echo(f"{done.last} {done.digest}")


def keep(file: Path, entries: Iterable[AuditEvent]) -> None:
    """On the disk before anything is removed; for nobody else to read."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as lines:
        for entry in entries:
            lines.write(export_formats.as_line(entry, {}))
        lines.flush()
        os.fsync(lines.fileno())
