"""set_up_keys(): checks that the keys of the database can be used, and creates them at the first start."""

from webapp.core import key_files, secret_key_marks
from webapp.core.db import Database, advisory_lock
from webapp.core.key_table import KeyTable
from webapp.core.table_ring import TableRing, ring_for
from webapp.settings import Settings


def set_up_keys(settings: Settings, database: Database) -> None:
    """Refuse a database of another secret key; at the first start, move the key files into it and create a key.

    Raises:
        OtherSecretKey
        InstanceError: a key file is damaged, or the keys in the database cannot be decrypted.
    """
    table = KeyTable(database, settings)
    with database.read() as db:
        marks = secret_key_marks.stored_marks(db)
    secret_key_marks.check(marks, settings)
    if secret_key_marks.mark_of(settings.secret_key) not in marks or lacks_key(settings, table):
        begin(settings, database, table)
    key_files.put_away(settings.instance, table.text)


def lacks_key(settings: Settings, table: KeyTable) -> bool:
    ring = ring_for(settings, table)
    return isinstance(ring, TableRing) and not (
        ring.has_keys and ring.current().algorithm == settings.signing_algorithm
    )


def begin(settings: Settings, database: Database, table: KeyTable) -> None:
    with database.write() as db:
        # Of two machines that start at once, the second finds what the first has written.
        advisory_lock(db, "keys")
        marks = secret_key_marks.stored_marks(db)
        secret_key_marks.check(marks, settings)
        if not marks:
            # Only now: a file of an old backup must not bring back a key that was retired or replaced since.
            for name, text in key_files.read(settings.instance).items():
                table.store(db, name, text)
        if secret_key_marks.mark_of(settings.secret_key) not in marks:
            secret_key_marks.add(db, settings.secret_key)
        if isinstance(ring := ring_for(settings, table), TableRing):
            ring.ensure(db)
