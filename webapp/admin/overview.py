"""The admin overview: key figures, and what needs attention."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Literal

import msgspec
from sqlalchemy.orm import Session

from webapp.accounts import roles, service_queries, user_counts
from webapp.admin.servers import SeenServer, servers, wrong_clocks
from webapp.audit import event_queries, untrusted_proxies
from webapp.audit.log import Event
from webapp.core.backup import OUTDATED_AFTER
from webapp.core.bounded_count import BoundedCount, Precision
from webapp.core.clock import now
from webapp.core.translation import _, _n
from webapp.credentials import lifecycle as credentials
from webapp.jobs.leases import Job, late
from webapp.mail import failures
from webapp.oauth import logout_notices
from webapp.web.forwarded import Network, is_trusted

REFUSED = (Event.ACCESS_REFUSED, Event.SESSION_REFUSED, Event.LOGIN_THROTTLED)
MANY_REFUSALS = 50
WEEK = timedelta(days=7)
BACKUP = "python -m webapp db backup FILE"


class Attention(msgspec.Struct, frozen=True):
    """Something that needs attention."""

    sentence: str
    href: str | None
    action: str | None


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    people: int
    active_today: int
    """Users with a request since midnight (UTC), by session or token."""
    refused_last_hour: int
    tokens_expiring: int
    """Within 7 days."""
    undeclared: list[str]
    """Routes without an access rule; nobody can open them."""
    precision: dict[str, Literal["exact", "at_least", "about"]]
    """Of each number: counting stops at 1,000 (`at_least`), and above 10,000 `people` is an estimate (`about`)."""
    backed_up_at: datetime | None
    """When `db backup` was last run."""
    without_second_factor: int
    """Users with a password only."""
    servers: list[SeenServer]
    attention: list[Attention]

    def words(self, name: str) -> str:
        """One of the numbers, for pages."""
        return BoundedCount(getattr(self, name), Precision(self.precision[name])).words


def overview(
    db: Session,
    undeclared: list[str],
    jobs: Sequence[Job],
    *,
    sends_mail: bool,
    hrefs: dict[str, str],
    trusted_proxies: Sequence[Network] = (),
) -> Overview:
    counts = key_figures(db)
    refused = counts["refused_last_hour"]
    return Overview(
        **{name: count.number for name, count in counts.items()},
        precision={name: count.precision.value for name, count in counts.items()},
        undeclared=undeclared,
        backed_up_at=(backed_up_at := event_queries.last_backup(db)),
        servers=(found := servers(db)),
        attention=[
            *attention(db, undeclared, refused, sends_mail=sends_mail, hrefs=hrefs),
            *overdue_maintenance(db, jobs, backed_up_at),
            *ignored_proxies(db, trusted_proxies),
            *(Attention(sentence, None, None) for sentence in wrong_clocks(found)),
        ],
    )


def key_figures(db: Session) -> dict[str, BoundedCount]:
    return {
        "people": user_counts.count(db),
        "active_today": credentials.active_user_count(db, since=midnight()),
        "refused_last_hour": event_queries.count(db, REFUSED, since=now() - timedelta(hours=1)),
        "tokens_expiring": credentials.expiring_count(db, "token", before=now() + WEEK),
        "without_second_factor": user_counts.without_second_factor(db),
    }


def attention(
    db: Session, undeclared: list[str], refused: BoundedCount, *, sends_mail: bool, hrefs: dict[str, str]
) -> Iterable[Attention]:
    if undeclared:
        routes = ", ".join(undeclared[:3])
        if len(undeclared) > 3:
            routes = _("%(routes)s and others", routes=routes)
        sentence = _(
            "%(routes)s: no access rule, so nobody can open it. Add @require or @public to the view.", routes=routes
        )
        yield Attention(sentence, None, None)
    if len(db.scalars(roles.active_super_admins(db)).all()) == 1:
        sentence = _("There is only 1 super admin. If they lose access, nobody can manage roles.")
        yield Attention(sentence, hrefs["people"], _("Choose another one"))
    if unowned := service_queries.unowned_count(db):
        sentence = _n("%(num)s service account has no owner.", "%(num)s service accounts have no owner.", unowned)
        yield Attention(sentence, hrefs["unowned"], _("View service accounts"))
    if failed := failures.count_unsent(db):
        sentence = _n("%(num)s mail could not be sent.", "%(num)s mails could not be sent.", failed)
        yield Attention(sentence, hrefs["mail"], _("View mail"))
    if failed := logout_notices.failed_since(db, since=now() - WEEK):
        sentence = _n(
            "%(num)s logout notice to an app could not be sent.",
            "%(num)s logout notices to apps could not be sent.",
            failed,
        )
        yield Attention(sentence, hrefs["logouts"], _("View logout notices"))
    if not sends_mail:
        sentence = _("No mail server is configured. Mails are only written to the log, so nobody receives them.")
        yield Attention(sentence, hrefs["settings"], _("View settings"))
    if refused.number >= MANY_REFUSALS:
        sentence = _("In the last hour, %(number)s requests were refused.", number=refused.words)
        yield Attention(sentence, hrefs["refused"], _("View requests"))


def ignored_proxies(db: Session, trusted: Sequence[Network]) -> Iterable[Attention]:
    for peer in untrusted_proxies.recent(db):
        if not is_trusted(peer, trusted):
            sentence = _(
                "Forwarded headers from %(peer)s are ignored. If it is your proxy, add it to WEBAPP_TRUSTED_PROXIES.",
                peer=peer,
            )
            yield Attention(sentence, None, None)


def overdue_maintenance(db: Session, jobs: Sequence[Job], backed_up_at: datetime | None) -> Iterable[Attention]:
    """Maintenance that is overdue."""
    if backed_up_at is None:
        sentence = _("The database has never been backed up. Run this every day: %(command)s", command=BACKUP)
        yield Attention(sentence, None, None)
    elif (age := now() - backed_up_at) > OUTDATED_AFTER:
        sentence = _n("The last backup is %(num)s day old.", "The last backup is %(num)s days old.", age.days)
        yield Attention(sentence, None, None)
    for job in late(db, jobs):
        sentence = (
            _("The job “%(name)s” failed (%(error)s) and will be retried.", name=job.name, error=job.error)
            if job.error
            else _("The job “%(name)s” is overdue.", name=job.name)
        )
        yield Attention(sentence, None, None)


def midnight() -> datetime:
    return now().replace(hour=0, minute=0, second=0, microsecond=0)
