"""db restore: replace the database by a backup, and revoke what the backup would make valid again."""

import sqlite3
import tempfile
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click
from sqlalchemy.orm import Session

from webapp.accounts import invitations, one_time_links
from webapp.audit.log import Event, record
from webapp.cli import granian_server, schema
from webapp.cli.commands import Command
from webapp.cli.context import CommandContext, pass_context
from webapp.cli.db_context import answering, opened
from webapp.cli.emergency import ended_counts
from webapp.cli.errors import CommandRefused
from webapp.cli.output import say_aside
from webapp.core import backup, db_file, instance_folder, restore
from webapp.core.clock import now
from webapp.core.db import Database
from webapp.core.db_file import Damaged
from webapp.core.kept_keys import keep_keys
from webapp.credentials import lifecycle as credentials
from webapp.mail import outbox
from webapp.mfa import resets
from webapp.settings import Settings

IN_USE = "The server is running, or another program has the database open. Stop it first. Nothing was changed."
HELD_BACK = "it was waiting in the restored backup: it may have been sent already, and its links no longer work"


def moment(_context: click.Context, _parameter: click.Parameter, value: str) -> datetime:
    try:
        found = now() if value == "now" else datetime.fromisoformat(value)
    except ValueError as error:
        raise click.BadParameter("must be now, or a time such as 2026-01-31T12:00+00:00") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


@click.command("restore", cls=Command)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True), required=False)
@click.option(
    "--already-restored",
    "--made-elsewhere",
    "is_restored",
    is_flag=True,
    help="The backup is already restored, such as by pg_restore; only revoke.",
)
@click.option("--revoke-issued-before", "before", default="now", callback=moment, help="A time (UTC), or now.")
@click.option(
    "--keep-logins", is_flag=True, help="Revoke nothing: what was revoked or used after the backup is valid again."
)
@pass_context
def command(
    context: CommandContext, *, file: Path | None, is_restored: bool, before: datetime, keep_logins: bool
) -> None:
    """Replace the SQLite database by a backup made with db backup. Stop the server first.

    The former database is kept beside it. What was revoked or used after the backup would be valid again, so every
    session, token and script login ends, or those issued before a given time; so do mailed links, invitations and
    pending resets of second factors, and waiting mails are not sent. Signing keys stay those of the former database, if
    it can be read, so that none comes back that was replaced. Passwords, roles, recovery codes and disabled
    users are as they were when the backup was made: check them.

    \b
    Examples:
      python -m webapp db restore /srv/backups/latchkey-2026-01-31.db
      pg_restore -d latchkey latchkey.dump && python -m webapp db restore --already-restored
    """
    if (file is None) is not is_restored:
        raise click.UsageError("Give a file, or --already-restored.")
    until = None if keep_logins else before
    if file is None:
        with opened(context) as database:
            ended = sweep(database, until, origin="elsewhere")
    else:
        # Never with a new secret key: the backup was made with another.
        settings = Settings.from_env(context.environ)
        with answering():
            ended = put(settings, file, until)
    if until is None:
        say_aside("Nothing was revoked: what was revoked or used after the backup is valid again.")
    else:
        say_aside(f"Ended: {' and '.join(ended_counts(ended))}.")


def sweep(database: Database, before: datetime | None, *, origin: str) -> Counter[str]:
    with database.write() as db:
        ended = revoke_issued(db, before) if before else Counter[str]()
        record(db, Event.DATABASE_RESTORED, origin=origin, ended=dict(ended))
    return ended


def revoke_issued(db: Session, before: datetime) -> Counter[str]:
    ended = credentials.end_every_credential(db, before=before)
    ended["link"] = one_time_links.void_all(db, before=before)
    ended["invitation"] = invitations.revoke_all(db, before=before)
    ended["factor reset"] = resets.cancel_all(db, before=before)
    ended["waiting mail"] = outbox.give_up_all(db, before=before, reason=HELD_BACK)
    return +ended


def put(settings: Settings, file: Path, before: datetime | None) -> Counter[str]:
    """Prepare the backup beside the database, then replace the database in one step.

    Raises:
        CommandRefused: nothing was changed.
    """
    target = schema.file_of(settings)
    if target is None:
        raise CommandRefused(
            "Restore PostgreSQL with pg_restore, then run: python -m webapp db restore --already-restored"
        )
    refuse_served(settings, target)
    instance_folder.prepare(settings.instance)
    try:
        with instance_folder.lock(settings.instance), tempfile.TemporaryDirectory(dir=target.parent) as folder:
            draft = Path(folder) / target.name
            trial = replace(settings, instance=Path(folder), database_url=f"sqlite:///{draft.absolute()}")
            ended = ready(trial, draft, file, before, former=settings.database)
            kept = restore.replace(draft, target)
            instance_folder.mark_made(settings.instance, target)
    except restore.InUse as error:
        raise CommandRefused(IN_USE) from error
    except OSError as error:
        raise CommandRefused(f"The database cannot be replaced ({error}). The former one is unchanged.") from error
    say_aside(f"{file} was restored." + (f" The former database is {kept}." if kept else ""))
    return ended


def refuse_served(settings: Settings, target: Path) -> None:
    try:
        granian_server.refuse_taken(settings.bind)
        if target.exists():
            restore.settle(target)
    except (CommandRefused, restore.InUse) as error:
        raise CommandRefused(IN_USE) from error


def ready(trial: Settings, draft: Path, file: Path, before: datetime | None, *, former: str) -> Counter[str]:
    try:
        db_file.check(file)
        backup.copy(file, draft)
    except (Damaged, sqlite3.Error) as error:
        raise CommandRefused(f"Nothing was changed. {error}") from error
    if schema.version(trial) is None:
        raise CommandRefused(f"{file} is not a database of this program. Nothing was changed.")
    schema.upgrade(trial)
    database = Database(trial.database)
    try:
        with database.write() as db:
            keep_keys(db, former, trial)
        ended = sweep(database, before, origin="cli")
    finally:
        database.close()
    restore.settle(draft)
    return ended
