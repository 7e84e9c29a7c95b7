"""The database that a restored backup replaces: its keys, and when its keys were last replaced in an emergency."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import DBAPIError

from webapp.audit import event_queries
from webapp.audit.log import Event
from webapp.audit.models import AuditEvent
from webapp.core import key_table, secret_key_marks
from webapp.core.db import Database, Unavailable, existing
from webapp.core.models import StoredKeys
from webapp.core.secret_key_marks import OtherSecretKey
from webapp.settings import Settings


@dataclass(frozen=True, slots=True)
class FormerDatabase:
    keys: Sequence[StoredKeys]
    emergency_at: datetime | None
    is_later: bool
    """Whether it continues the database of the backup and so shows what was ended since; False for another site."""


def read(settings: Settings, newest: AuditEvent | None) -> FormerDatabase | None:
    """Read the former database; None if there is none, or it cannot be read, or it belongs to another secret key.

    Args:
        newest: the last event in the backup.
    """
    with closing(Database(existing(settings.database))) as database:
        try:
            with database.read() as db:
                secret_key_marks.check(secret_key_marks.stored_marks(db), settings)
                return FormerDatabase(
                    keys=key_table.rows(db),
                    emergency_at=event_queries.latest(db, Event.EMERGENCY_DECLARED),
                    is_later=newest is not None and event_queries.contains_event(db, newest),
                )
        except (DBAPIError, Unavailable, OtherSecretKey):
            return None
