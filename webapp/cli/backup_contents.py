"""What a backup consists of: a copy of the database, its secret keys, and the settings files of the instance folder."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from webapp.cli import schema
from webapp.cli.context import CommandContext
from webapp.cli.output import print_note
from webapp.cli.secret_key import missing
from webapp.core import backup, backup_file, postgresql_backup, secret_key_marks
from webapp.core.clock import now
from webapp.core.db import Database
from webapp.core.secret_key_marks import OtherSecretKey
from webapp.settings import SecretKeyMissing, Settings, sources
from webapp.settings.fields import PREFIX, fields_of
from webapp.settings.paths import release

WITHOUT = "A backup without it: python -m webapp db backup --without-secret FILE"
DRAFT = ".backup-"
# Of these, the values are in the backup, or have no meaning elsewhere.
RESTORED = {f"{PREFIX}{name}" for name in ("INSTANCE", "SECRET_KEY", "SECRET_KEY_FILE")}


def manifest_of(context: CommandContext) -> backup_file.Manifest:
    return backup_file.Manifest(
        program=release(),
        made_at=now(),
        database="sqlite" if schema.file_of(context.settings_to_read) else "postgresql",
        schema=schema.head() or "",
        environment=tuple(sorted({name for name in context.environ if name.startswith(PREFIX)} - RESTORED)),
    )


@contextmanager
def files(context: CommandContext, database: Database, *, has_secret: bool) -> Iterator[dict[str, Path | bytes]]:
    """The files of a backup by name; the copy of the database is deleted at the end.

    Raises:
        SecretKeyMissing, OtherSecretKey: the secret key is not known here, so the backup could not be used.
        OSError, sqlite3.Error, Damaged, PostgresqlFailed: the database cannot be copied.
    """
    settings = context.settings_to_read
    secret_keys = "".join(f"{key}\n" for key in secret_keys_of(context, database)) if has_secret else ""
    content: dict[str, Path | bytes] = {backup_file.SECRET_KEYS: secret_keys.encode()} if secret_keys else {}
    content |= {path.name: path for path in settings_files(settings.instance, has_secret=has_secret)}
    # In the instance folder: the backup may be written to a machine that must not see it unencrypted.
    backup.delete_leftovers(settings.instance, DRAFT)
    with tempfile.TemporaryDirectory(dir=settings.instance, prefix=DRAFT) as folder:
        if source := schema.file_of(settings):
            copy = Path(folder) / backup_file.DATABASES["sqlite"]
            backup.copy(source, copy)
        else:
            copy = Path(folder) / backup_file.DATABASES["postgresql"]
            postgresql_backup.dump(settings.database, copy)
        yield content | {copy.name: copy}


def secret_keys_of(context: CommandContext, database: Database) -> Iterator[str]:
    """The present secret key, then the former ones that something may still be encrypted with."""
    settings = context.settings_to_read
    if not context.has_secret_key:
        raise SecretKeyMissing(f"{missing(settings)}. {WITHOUT}")
    with database.read() as db:
        marks = secret_key_marks.stored_marks(db)
    try:
        secret_key_marks.check(marks, settings)
    except OtherSecretKey as error:
        raise OtherSecretKey(f"{error} {WITHOUT}") from error
    yield settings.secret_key
    yield from (key for key in settings.secret_key_fallbacks if secret_key_marks.mark_of(key) in marks)


def settings_files(instance: Path, *, has_secret: bool) -> Iterator[Path]:
    for path in (instance / name for name in backup_file.SETTINGS):
        if path.exists() and (has_secret or not names_secret(sources.load(path))):
            yield path
        elif path.exists():
            print_note(f"{path} contains a secret and is left out.")


def names_secret(table: object) -> bool:
    """Whether it contains a setting that is a secret, such as the client secret of an identity provider."""
    secret = {field.name for field in fields_of(Settings) if field.is_secret} | {"secret"}
    if isinstance(table, dict):
        return bool(secret & table.keys()) or any(map(names_secret, table.values()))
    return isinstance(table, list) and any(map(names_secret, table))
