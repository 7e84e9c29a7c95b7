"""The activity of a user: audit events as sentences, also as CSV."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from webapp.audit.export_formats import row_of
from webapp.audit.models import AuditEvent
from webapp.audit.sentences import sentence_of
from webapp.core.former_names import HasIpAddress
from webapp.sessions.user_agents import describe_user_agent
from webapp.tokens import lifecycle as tokens

COLUMNS = ("at", "event", "sentence", "address", "browser", "refused")


class ActivityEntry(HasIpAddress, frozen=True, kw_only=True):
    """One audit event of a user, as pages, JSON and CSV show it."""

    id: UUID
    at: datetime
    event: str
    sentence: str
    browser: str | None
    is_refusal: bool

    @property
    def detail(self) -> str | None:
        """Browser and IP address."""
        return ", ".join(part for part in (self.browser, self.ip_address) if part) or None

    @property
    def is_doubtful(self) -> bool:
        """Whether to ask "Was this you?": not for what the site itself or an administrator did."""
        return self.ip_address is not None


def lines(db: Session, user_id: UUID, events: Sequence[AuditEvent]) -> list[ActivityEntry]:
    """Audit events as entries of the user's activity, in the same order.

    Args:
        user_id: the user, for the names of their tokens.
    """
    names = tokens.names(db, user_id, {event.credential_id for event in events if event.credential_id})
    return [activity_entry(event, names) for event in events]


def activity_entry(event: AuditEvent, names: dict[UUID, str]) -> ActivityEntry:
    audit_sentence, agent = sentence_of(event, names), event.details.get("user_agent")
    return ActivityEntry(
        id=event.id,
        at=event.at,
        event=audit_sentence.event,
        sentence=audit_sentence.sentence,
        ip_address=ip_address_shown(event),
        browser=describe_user_agent(agent) if isinstance(agent, str) and agent else None,
        is_refusal=audit_sentence.is_refusal,
    )


def ip_address_shown(event: AuditEvent) -> str | None:
    """The IP address from which it was done. None if an administrator did it: their IP address is not shown to the
    user."""
    return event.address if event.actor_id in (None, event.user_id) else None


def as_csv(found: Iterable[ActivityEntry]) -> str:
    """The entries as CSV with a header line; formulas are escaped (see ``audit.export_formats.row_of``)."""
    lines = (
        (
            line.at.isoformat(),
            line.event,
            line.sentence,
            line.ip_address,
            line.browser,
            "yes" if line.is_refusal else "no",
        )
        for line in found
    )
    return b"".join(map(row_of, (COLUMNS, *lines))).decode()
