"""missing_triggers(): the triggers that protect the audit log and were dropped, disabled or replaced."""

from sqlalchemy import text
from sqlalchemy.orm import Session

# As migration 20261124 makes them.
ON_SQLITE = frozenset(
    {
        *("audit_event_is_never_changed", "audit_event_is_never_replaced", "audit_event_is_kept"),
        *("audit_head_goes_on", "audit_head_is_kept", "audit_head_is_alone"),
    }
)
ON_POSTGRESQL = frozenset(
    {
        *("audit_event_is_kept", "audit_event_is_never_emptied"),
        *("audit_head_goes_on", "audit_head_is_never_emptied"),
    }
)
# A trigger of the same name that refuses nothing does not count.
FOUND_ON_SQLITE = text(
    "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN ('audit_event', 'audit_head')"
    " AND sql LIKE '%RAISE(ABORT%'"
)
FOUND_ON_POSTGRESQL = text(
    "SELECT t.tgname FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid"
    " WHERE t.tgrelid IN ('audit_event'::regclass, 'audit_head'::regclass) AND NOT t.tgisinternal"
    " AND t.tgenabled IN ('O', 'A') AND p.prosrc LIKE '%RAISE EXCEPTION%'"
)


def missing_triggers(db: Session) -> list[str]:
    """Names of the triggers that do not protect the audit log any more, sorted."""
    is_sqlite = db.get_bind().dialect.name == "sqlite"
    found = set(db.scalars(FOUND_ON_SQLITE if is_sqlite else FOUND_ON_POSTGRESQL))
    return sorted((ON_SQLITE if is_sqlite else ON_POSTGRESQL) - found)
