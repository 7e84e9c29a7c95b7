"""Stored counts of checks: write() adds to them, last_day() reads them, purge() deletes old ones."""

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from webapp.accounts import user_queries
from webapp.core.clock import now
from webapp.forward_auth.counted_checks import CountKey, without_path
from webapp.forward_auth.models import CheckCount, ProxiedApp

DAY = timedelta(days=1)
MOST_ROWS = 200
"""Of one app in one hour; further checks are counted by their outcome alone."""
COLUMNS = (
    CheckCount.app_id,
    CheckCount.rule_number,
    CheckCount.method,
    CheckCount.path,
    CheckCount.user_id,
    CheckCount.kind,
    CheckCount.level,
    CheckCount.outcome,
)


def write(db: Session, pending: Mapping[CountKey, int]) -> None:
    """Add counts to those stored for this hour; apps and users that were removed meanwhile are skipped."""
    hour = now().replace(minute=0, second=0, microsecond=0)
    users = user_queries.names_of(db, {UUID(int=one.user) for one in pending if one.user})
    for app_id in db.scalars(select(ProxiedApp.id).where(ProxiedApp.id.in_({UUID(int=one.app) for one in pending}))):
        in_hour = CheckCount.app_id == app_id, CheckCount.hour == hour
        row_ids = {count_key_in(row): row.id for row in db.execute(select(CheckCount.id, *COLUMNS).where(*in_hour))}
        for count_key, requests in pending.items():
            if count_key.app != app_id.int or (count_key.user and UUID(int=count_key.user) not in users):
                continue
            key = count_key if count_key in row_ids or len(row_ids) < MOST_ROWS else without_path(count_key)
            if key in row_ids:
                more = update(CheckCount).where(CheckCount.id == row_ids[key])
                db.execute(more.values(requests=CheckCount.requests + requests))
            else:
                row_ids[key] = uuid4()
                db.add(row_of(key, row_ids[key], hour=hour, requests=requests))
                db.flush()


def count_key_in(row: object) -> CountKey:
    values = {column.key: getattr(row, column.key) for column in COLUMNS}
    user_id = values.pop("user_id")
    return CountKey(app=values.pop("app_id").int, user=user_id.int if user_id else 0, **values)


def row_of(count_key: CountKey, row_id: UUID, **values: object) -> CheckCount:
    fields = count_key._asdict()
    app, user = fields.pop("app"), fields.pop("user")
    return CheckCount(id=row_id, app_id=UUID(int=app), user_id=UUID(int=user) if user else None, **fields, **values)


def last_day(db: Session, app_id: UUID) -> dict[CountKey, int]:
    """Number of checks of the last 24 hours, the most frequent first."""
    total = func.sum(CheckCount.requests)
    in_last_day = CheckCount.app_id == app_id, CheckCount.hour > now() - DAY
    query = select(*COLUMNS, total.label("requests")).where(*in_last_day).group_by(*COLUMNS).order_by(total.desc())
    return {count_key_in(row): int(row.requests) for row in db.execute(query)}


def purge(db: Session) -> int:
    """Delete the counts of more than a day ago. Returns their number."""
    deletion = delete(CheckCount).where(CheckCount.hour <= now() - DAY).returning(CheckCount.id)
    return len(db.scalars(deletion).all())
