"""A draft of the restored database: loaded from the backup, verified, migrated and revoked before it is used."""

from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from webapp.accounts import invitations, mail_requests, one_time_links
from webapp.audit import event_queries
from webapp.audit.log import Event, record
from webapp.cli import former_database, reseal, schema
from webapp.cli.emergency import replace_keys
from webapp.cli.errors import CommandRefused
from webapp.cli.restore_rules import EmergencyUnknown, Outcome, RestoreFacts, decide
from webapp.core import (
    backup,
    backup_file,
    db_file,
    emergency_mark,
    key_table,
    postgresql_backup,
    restore,
    secret_key_marks,
)
from webapp.core.db import Database
from webapp.credentials import lifecycle as credentials
from webapp.mail import outbox
from webapp.mfa import resets
from webapp.oauth import unused_grants
from webapp.settings import Settings

REASON_HELD_BACK = "it was waiting in the restored backup: it may have been sent already, and its links no longer work"
UNKNOWN = (
    "It is unknown whether keys emergency was run after this backup. If it was, stolen keys would become valid again. "
    "To be safe, leave out --keep-logins and --revoke-issued-before: the keys are then replaced. If you are sure that "
    "it was not run, add --no-emergency-since. Nothing was changed."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreChoices:
    """What the operator has chosen to end or keep."""

    before: datetime | None
    """Credentials created before it end; None: none."""
    no_emergency: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpacked:
    """A backup, unpacked into a private folder."""

    folder: Path
    database: Path
    kind: str
    made_at: datetime | None
    """When the backup was made; None for a copy of a SQLite file, which does not say."""
    secret_keys: tuple[str, ...] = ()
    settings: tuple[Path, ...] = ()
    environment: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """The result of preparing a restored database: which keys it has, and what was ended."""

    facts: RestoreFacts
    outcome: Outcome
    ended: Counter[str]
    made_at: datetime | None = None


def unpack(file: Path, folder: Path, phrase: str | None) -> Unpacked:
    """Unpack a backup file into a folder, and check its contents.

    Raises:
        InvalidBackup
    """
    if backup_file.kind_of(file) == "sqlite":
        return Unpacked(folder=folder, database=file, kind="sqlite", made_at=None)
    manifest = backup_file.unpack(file, folder, passphrase=phrase)
    secret_keys = folder / backup_file.SECRET_KEYS
    return Unpacked(
        folder=folder,
        database=folder / backup_file.DATABASES[manifest.database],
        kind=manifest.database,
        made_at=manifest.made_at,
        secret_keys=tuple(secret_keys.read_text(encoding="utf-8").split()) if secret_keys.exists() else (),
        settings=tuple(path for name in backup_file.SETTINGS if (path := folder / name).exists()),
        environment=manifest.environment,
    )


@contextmanager
def loaded(settings: Settings, found: Unpacked) -> Iterator[Settings]:
    """The settings of a new database with the content of the backup, beside that of the site.

    Raises:
        CommandRefused, PostgresqlFailed, Damaged, sqlite3.Error
    """
    target = schema.file_of(settings)
    if (found.kind == "sqlite") is (target is None):
        kind = "SQLite" if found.kind == "sqlite" else "PostgreSQL"
        raise CommandRefused(f"The backup is one of {kind}: set WEBAPP_DATABASE_URL accordingly. Nothing was changed.")
    if target is None:
        with postgresql_backup.loaded(settings.database, found.database) as url:
            yield replace(settings, instance=found.folder, database_url=url)
        return
    draft = found.folder / f"draft-{target.name}"
    db_file.check(found.database)
    backup.copy(found.database, draft)
    db_file.check_thoroughly(draft)
    yield replace(settings, instance=found.folder, database_url=f"sqlite:///{draft.absolute()}")


def prepare(trial: Settings, settings: Settings, found: Unpacked, choices: RestoreChoices) -> Prepared:
    """Migrate the draft, decide about its keys, and end what should not be valid again.

    Args:
        trial: the settings of the draft.
        settings: those of the site, with the secret keys of the backup as fallbacks.

    Raises:
        CommandRefused, OtherSecretKey, Damaged, NewerSchema
    """
    if schema.version(trial) is None:
        raise CommandRefused("The file is not a database of this program. Nothing was changed.")
    with closing(Database(trial.database)) as database:
        secret_key_marks.check(marks_of(database), settings)
        schema.upgrade(trial)
        with database.read() as db:
            newest = event_queries.newest(db)
        former = former_database.read(settings, newest)
        facts = RestoreFacts(
            newest_event=newest.at if newest else None,
            has_former=former is not None and former.is_later,
            emergency_at=last_emergency(settings.instance, former),
        )
        outcome = chosen(facts, choices)
        if former is not None and outcome.keys == "former":
            with database.write() as db:
                key_table.keep_rows(db, former.keys)
        if any(key != settings.secret_key for key in found.secret_keys):
            reseal.move_all(database, trial)
        made_at = found.made_at or facts.newest_event
        ended = revoke(database, trial, outcome, origin="cli", made_at=made_at)
    if (file := schema.file_of(trial)) is not None:
        restore.merge_write_ahead_log(file)
    return Prepared(facts=facts, outcome=outcome, ended=ended, made_at=made_at)


def revoke_by_hand(database: Database, settings: Settings, choices: RestoreChoices) -> Prepared:
    """End what should not be valid again, in a database that was restored by other means."""
    with database.read() as db:
        newest = event_queries.newest(db)
    at = emergency_mark.read(settings.instance)
    facts = RestoreFacts(newest_event=newest.at if newest else None, has_former=False, emergency_at=at)
    outcome = chosen(facts, choices)
    return Prepared(facts=facts, outcome=outcome, ended=revoke(database, settings, outcome, origin="elsewhere"))


def chosen(facts: RestoreFacts, choices: RestoreChoices) -> Outcome:
    try:
        return decide(facts, before=choices.before, no_emergency=choices.no_emergency)
    except EmergencyUnknown as error:
        raise CommandRefused(UNKNOWN) from error


def last_emergency(instance: Path, former: former_database.FormerDatabase | None) -> datetime | None:
    noted = emergency_mark.read(instance), former.emergency_at if former else None
    return max((at for at in noted if at), default=None)


def marks_of(database: Database) -> set[str]:
    """The marks of secret keys in a database; empty for one of a version that had none."""
    try:
        with database.read() as db:
            return secret_key_marks.stored_marks(db)
    except DBAPIError:
        return set()


def revoke(
    database: Database, settings: Settings, outcome: Outcome, *, origin: str, made_at: datetime | None = None
) -> Counter[str]:
    with database.write() as db:
        ended = revoke_issued(db, outcome.ended_before) if outcome.ended_before else Counter[str]()
        if outcome.keys == "new":
            replace_keys(db, database, settings)
        at = made_at and made_at.isoformat()
        record(db, Event.DATABASE_RESTORED, origin=origin, ended=dict(ended), made_at=at)
    return ended


def revoke_issued(db: Session, before: datetime) -> Counter[str]:
    ended = credentials.end_every_credential(db, before=before)
    ended["link"] = one_time_links.void_all(db, before=before)
    ended["invitation"] = invitations.revoke_all(db, before=before)
    ended["factor reset"] = resets.cancel_all(db, before=before)
    ended["waiting mail"] = outbox.give_up_all(db, before=before, reason=REASON_HELD_BACK)
    mail_requests.discard_all(db, before=before)
    return +(ended + unused_grants.void_all(db, before=before))
