"""live_by_kind(): how many credentials of each kind are live, for metrics; on a large PostgreSQL about how many."""

from collections.abc import Mapping

from sqlalchemy import ColumnElement, and_, func, select, text, true
from sqlalchemy.orm import Session

from webapp.core.bounded_count import EXACT_TABLE
from webapp.core.clock import now
from webapp.credentials.lifecycle import live_condition
from webapp.credentials.models import Credential

KINDS = ("session", "token", "refresh", "trust", "pending")
COUNTED_PAGES, SAMPLED_PAGES = 2_000, 250
"""A page of PostgreSQL has 8 kB, with about 45 credentials. Up to 2,000 are counted; of a larger table 250 are."""
LINES = 80
"""No page has more versions of rows, unless it waits for ``VACUUM``."""
ENOUGH = 500
"""A kind of which the sample has fewer may be a twentieth off, and is counted by itself."""
PAGES = text("SELECT pg_relation_size('credential') / CAST(current_setting('block_size') AS integer)")
# At even distances, because rows that were made together often end together. TABLESAMPLE takes pages at random: for
# the same precision it reads ten times as many.
IN_SAMPLE = """credential.ctid = ANY (ARRAY(SELECT CAST('(' || page || ',' || line || ')' AS tid)
    FROM generate_series(0, :last_page, :step) AS page, generate_series(1, :lines) AS line))"""


def live_by_kind(db: Session) -> Mapping[str, int]:
    """Number of live credentials of all users by ``Credential.kind``; kinds of which there are none may be left out."""
    pages = db.scalar(PAGES) if db.get_bind().dialect.name == "postgresql" else 0
    return count_by_kind(db, true()) if not pages or pages <= COUNTED_PAGES else estimated(db, pages)


def count_by_kind(db: Session, condition: ColumnElement[bool]) -> dict[str, int]:
    query = select(Credential.kind, func.count()).where(condition, live_condition(now())).group_by(Credential.kind)
    return {row.kind: row[1] for row in db.execute(query)}


def estimated(db: Session, pages: int) -> dict[str, int]:
    """From a sample, and exact for kinds of which there are few."""
    step = pages // SAMPLED_PAGES
    is_sampled = text(IN_SAMPLE).bindparams(last_page=pages - 1, step=step, lines=LINES)
    sample = count_by_kind(db, is_sampled)  # type: ignore[arg-type] # Text serves as a condition.
    exact = {kind: number_if_few(db, kind) for kind in KINDS if sample.get(kind, 0) < ENOUGH}
    found = {kind: number * step for kind, number in sample.items()}
    return found | {kind: number for kind, number in exact.items() if number is not None}


def number_if_few(db: Session, kind: str) -> int | None:
    """The number of live credentials of a kind; None if too many may be live to count them."""
    may_live = and_(Credential.kind == kind, Credential.revoked_at.is_(None), Credential.expires_at > now())
    few_ids = select(Credential.id).where(may_live).order_by(Credential.expires_at).limit(EXACT_TABLE)
    rows = few_ids.subquery()
    if (db.scalar(select(func.count()).select_from(rows)) or 0) >= EXACT_TABLE:
        return None
    return db.scalar(select(func.count()).where(may_live, live_condition(now()))) or 0
