"""The admin overview: key figures, and what needs attention."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import msgspec
from sqlalchemy.orm import Session

from webapp.accounts import roles, user_queries
from webapp.audit import reading
from webapp.audit.log import Event
from webapp.core.backup import OLD
from webapp.core.clock import now
from webapp.credentials import lifecycle as credentials
from webapp.jobs.leases import Job, late
from webapp.mail import failures

REFUSED = (Event.ACCESS_REFUSED, Event.SESSION_REFUSED, Event.LOGIN_THROTTLED)
MANY_REFUSALS = 50
WEEK = timedelta(days=7)


class Attention(msgspec.Struct, frozen=True):
    """Something that needs attention."""

    sentence: str
    href: str | None
    action: str | None


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    people: int
    active_today: int
    """Users who were active since midnight (UTC), themselves or by script."""
    refused_last_hour: int
    tokens_expiring: int
    """Within 7 days."""
    undeclared: list[str]
    """Routes without an access rule; nobody can open them."""
    backed_up_at: datetime | None
    """When `db backup` was last run."""
    without_second_factor: int
    """Users with a password only."""
    attention: list[Attention]


def overview(
    db: Session, undeclared: list[str], jobs: Sequence[Job], *, sends_mail: bool, hrefs: dict[str, str]
) -> Overview:
    refused = reading.count(db, REFUSED, since=now() - timedelta(hours=1))
    return Overview(
        people=user_queries.count(db),
        active_today=credentials.users_seen(db, since=midnight()),
        refused_last_hour=refused,
        tokens_expiring=credentials.expiring(db, "token", before=now() + WEEK),
        undeclared=undeclared,
        without_second_factor=user_queries.without_second_factor(db),
        backed_up_at=(backed_up_at := reading.latest(db, Event.HOUSE_BACKED_UP)),
        attention=[
            *attention(db, undeclared, refused, sends_mail=sends_mail, hrefs=hrefs),
            *undone(db, jobs, backed_up_at),
        ],
    )


def attention(
    db: Session, undeclared: list[str], refused: int, *, sends_mail: bool, hrefs: dict[str, str]
) -> Iterable[Attention]:
    if undeclared:
        words = ", ".join(undeclared[:3]) + (" and others" if len(undeclared) > 3 else "")
        yield Attention(
            f"{words}: no access rule, so nobody can open it. Add @require or @public to the view.", None, None
        )
    if len(db.scalars(roles.keeping(db)).all()) == 1:
        sentence = "There is only 1 super admin. If they lose access, nobody can manage roles."
        yield Attention(sentence, hrefs["people"], "Choose another one")
    if failed := failures.unsent(db):
        yield Attention(f"{failed} mail{'' if failed == 1 else 's'} could not be sent.", hrefs["mail"], "View mail")
    if not sends_mail:
        sentence = "No mail server is configured. Mails are only written to the log, so nobody receives them."
        yield Attention(sentence, hrefs["settings"], "View settings")
    if refused >= MANY_REFUSALS:
        yield Attention(f"{refused} requests were refused in the last hour.", hrefs["refused"], "View requests")


def undone(db: Session, jobs: Sequence[Job], backed_up_at: datetime | None) -> Iterable[Attention]:
    """Maintenance that is overdue."""
    if backed_up_at is None:
        yield Attention(
            "The database has never been backed up. Run this every day: python -m webapp db backup FILE", None, None
        )
    elif (age := now() - backed_up_at) > OLD:
        yield Attention(f"The last backup is {age.days} days old.", None, None)
    for job in late(db, jobs):
        how = f"failed ({job.error}) and will be retried" if job.error else "is overdue"
        yield Attention(f"The job “{job.name}” {how}.", None, None)


def midnight() -> datetime:
    return now().replace(hour=0, minute=0, second=0, microsecond=0)
