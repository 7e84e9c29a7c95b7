"""db restore: replace the database by a backup, and revoke what the backup would make valid again."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from webapp.cli import granian_server, passphrase, restore_draft, schema
from webapp.cli.commands import Command
from webapp.cli.context import CommandContext, pass_context
from webapp.cli.db_context import answering, opened
from webapp.cli.emergency import ended_counts
from webapp.cli.errors import CommandRefused
from webapp.cli.output import moment as in_words
from webapp.cli.output import print_note
from webapp.cli.prompts import confirm
from webapp.cli.restore_draft import Prepared, RestoreChoices, Unpacked
from webapp.cli.restored_settings import put_settings, settings_for
from webapp.core import backup, backup_file, emergency_mark, instance_folder, postgresql_backup, restore
from webapp.core.backup_file import InvalidBackup
from webapp.core.clock import NEVER
from webapp.core.db_file import Damaged
from webapp.settings import Settings

IN_USE = "The server is running, or another program has the database open. Stop it first. Nothing was changed."
BY_HAND = "Restored by hand, it is completed by: python -m webapp db restore --already-restored"
CONFIRMATION = "restore"
DRAFT = ".restore-"


def moment(_context: click.Context, _parameter: click.Parameter, value: str) -> datetime:
    try:
        found = NEVER if value == "now" else datetime.fromisoformat(value)
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
@click.option(
    "--no-emergency-since",
    "no_emergency",
    is_flag=True,
    help="Confirm that keys emergency was not run since the backup; needed only if this cannot be found out.",
)
@passphrase.option
@click.option("--check", "is_check", is_flag=True, help="Verify that FILE could be restored, and change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@pass_context
def command(
    context: CommandContext,
    *,
    file: Path | None,
    is_restored: bool,
    before: datetime,
    keep_logins: bool,
    no_emergency: bool,
    passphrase_file: Path | None,
    is_check: bool,
    yes: bool,
) -> None:
    """Replace the database by a backup made with db backup, after the backup has been verified. Stop the server first.

    The former database is kept beside it, with the last five. Where the instance folder has no secret key and no
    settings, those of the backup are put there. What was revoked or used after the backup would be valid again, so
    every session, token and script login ends, or those issued before a given time; so do mailed links, invitations
    and pending resets of second factors, and waiting mails are not sent. Signing keys stay those of the former
    database, or new ones are made, so that none comes back that was replaced. Passwords, roles, recovery codes and
    disabled users are as they were when the backup was made: check them.

    \b
    Examples:
      python -m webapp db restore /srv/backups/latchkey-2026-01-31
      python -m webapp db restore --check /srv/backups/latchkey-2026-01-31
      pg_restore -d latchkey latchkey.dump && python -m webapp db restore --already-restored
    """
    if (file is None) is not is_restored or (is_restored and is_check):
        raise click.UsageError("Give a file, or --already-restored.")
    choices = RestoreChoices(before=None if keep_logins else before, no_emergency=no_emergency)
    if file is None:
        with opened(context) as database:
            report(restore_draft.revoke_by_hand(database, context.settings, choices))
        return
    with answering(), refusing(), unpacked(context, file, passphrase_file, is_check=is_check) as found:
        settings = settings_for(context, found)
        with restore_draft.loaded(settings, found) as trial:
            prepared = restore_draft.prepare(trial, settings, found, choices)
            if is_check:
                print_note(f"{file} can be restored: {in_words(prepared.made_at)}. Nothing was changed.")
                return
            confirm(f"The database is replaced by the backup of {in_words(prepared.made_at)}", CONFIRMATION, yes=yes)
            put_settings(context, found)
            former = replace_by(trial, settings)
            if prepared.facts.emergency_at:
                emergency_mark.write(settings.instance, prepared.facts.emergency_at)
    print_note(f"{file} was restored." + (f" The former database is {former}." if former else ""))
    report(prepared)


def report(prepared: Prepared) -> None:
    if prepared.facts.is_before_emergency:
        print_note("keys emergency was run since the backup was made: all that it ended stays ended.")
    if prepared.outcome.keys == "new":
        print_note("New signing keys were made. Services that verify tokens fetch them.")
    if prepared.outcome.ended_before is None:
        print_note("Nothing was revoked: what was revoked or used after the backup is valid again.")
    else:
        print_note(f"Ended: {' and '.join(ended_counts(prepared.ended))}.")


@contextmanager
def unpacked(
    context: CommandContext, file: Path, passphrase_file: Path | None, *, is_check: bool
) -> Iterator[Unpacked]:
    """The backup, unpacked and checked in a private folder beside the database."""
    settings = context.settings_to_read
    if not is_check:
        refuse_served(settings)
    instance_folder.prepare(settings.instance)
    beside = schema.file_of(settings) or settings.instance / "database"
    backup.delete_leftovers(beside.parent, DRAFT)
    with instance_folder.lock(settings.instance), TemporaryDirectory(dir=beside.parent, prefix=DRAFT) as folder:
        phrase = None
        if backup_file.kind_of(file) == "encrypted":
            phrase = passphrase.configured(context, passphrase_file) or passphrase.typed(is_new=False)
        yield restore_draft.unpack(file, Path(folder), phrase)


def refuse_served(settings: Settings) -> None:
    try:
        granian_server.refuse_taken(settings.bind)
        target = schema.file_of(settings)
        if target is None:
            postgresql_backup.refuse_used(settings.database)
        elif target.exists():
            restore.merge_write_ahead_log(target)
    except CommandRefused as error:
        raise CommandRefused(IN_USE) from error


def replace_by(trial: Settings, settings: Settings) -> Path | str | None:
    """Replace the database by the restored draft. Returns what the former one is called now."""
    draft, target = schema.file_of(trial), schema.file_of(settings)
    if draft is None or target is None:
        return postgresql_backup.replace(trial.database, settings.database)
    former = restore.replace(draft, target)
    instance_folder.mark_made(settings.instance, target)
    return former


@contextmanager
def refusing() -> Iterator[None]:
    """Turn errors of a restore into one sentence for the operator."""
    try:
        yield
    except restore.InUse as error:
        raise CommandRefused(IN_USE) from error
    except postgresql_backup.PostgresqlFailed as error:
        raise CommandRefused(f"{error}. Nothing was changed. {BY_HAND}") from error
    except (InvalidBackup, Damaged, sqlite3.Error) as error:
        raise CommandRefused(f"Nothing was changed. {error}") from error
    except OSError as error:
        raise CommandRefused(f"The database cannot be replaced ({error}). The former one is unchanged.") from error
