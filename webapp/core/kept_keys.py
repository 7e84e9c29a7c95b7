"""keep_keys(): a restored backup gets the keys of the database that it replaces."""

from contextlib import closing

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from webapp.core import secret_key_marks
from webapp.core.db import Database, Unavailable, existing
from webapp.core.models import StoredKeys
from webapp.core.secret_key_marks import OtherSecretKey
from webapp.settings import Settings


def keep_keys(db: Session, former: str, settings: Settings) -> None:
    """Replace the keys of a backup by newer ones, so that none comes back that was retired or replaced since.

    Args:
        db: of the restored backup.
        former: URL of the database that it replaces. If that cannot be read, the keys of the backup stay.
    """
    with closing(Database(existing(former))) as database:
        try:
            with database.read() as former_db:
                secret_key_marks.check(secret_key_marks.known(former_db), settings)
                newer = former_db.scalars(select(StoredKeys)).all()
        except (DBAPIError, Unavailable, OtherSecretKey):
            return
    for row in newer:
        db.merge(StoredKeys(name=row.name, version=row.version, sealed=row.sealed))
