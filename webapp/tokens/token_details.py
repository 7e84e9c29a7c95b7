"""Details of one API token for its owner: data, use by day and route, refusals."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import msgspec
from sqlalchemy.orm import Session

from webapp.audit import event_queries
from webapp.audit.models import AuditEvent
from webapp.audit.sentences import AuditSentence, sentence_of
from webapp.core.clock import now
from webapp.core.former_names import HasIpAddress
from webapp.core.humanize import humanize
from webapp.credentials import usage_tracker
from webapp.tokens import rotation, token_list
from webapp.tokens.lifecycle import TokenRow
from webapp.tokens.rotation import TokenLink
from webapp.tokens.scope_suggestions import unneeded
from webapp.tokens.scopes import Catalogue, displayed_path
from webapp.tokens.token_list import Token
from webapp.web.problem_kinds import KINDS

SHOWN = 30
"""Days of use."""


class TokenDay(msgspec.Struct, frozen=True):
    date: date
    requests: int


class TokenUse(msgspec.Struct, frozen=True):
    resource: str
    """Method and route; `other` where there were very many."""
    requests: int

    @property
    def label(self) -> str:
        return displayed_path(self.resource)


class TokenDenial(HasIpAddress, frozen=True):
    at: datetime
    code: str
    reason: str
    """The requirement that failed, or what was wrong with the token."""
    route: str

    @property
    def words(self) -> str:
        kind = KINDS.get(self.code.replace("_", "-"))
        return str(kind.title) if kind else humanize(self.code)

    @property
    def place(self) -> str:
        return displayed_path(self.route)


class TokenDetails(Token, frozen=True, kw_only=True):
    note: str | None
    predecessor: TokenLink | None
    """The token that it replaced, unless that was deleted."""
    successor: TokenLink | None
    """The token that replaced it."""
    days: list[TokenDay]
    """Requests on each of the last 30 days (UTC), today last."""
    resources: list[TokenUse]
    """Routes that it requested in those days, the most frequent first."""
    unneeded: list[str]
    """Scopes that no request in those days needed."""
    denials: list[TokenDenial]
    """The last refusals, the newest first."""
    events: list[AuditSentence]


def describe_token(db: Session, row: TokenRow, catalogue: Catalogue) -> TokenDetails:
    """The details of a token for its owner."""
    moment, entry = now(), row.entry
    token = token_list.describe_all(db, [row], moment)[0]
    days = [moment.date() - timedelta(days=back) for back in range(SHOWN - 1, -1, -1)]
    by_day = usage_tracker.by_day(db, [entry.id], since=days[0])[entry.id]
    uses = usage_tracker.by_resource(db, entry.id, since=days[0])
    is_old = moment - row.credential.created_at >= timedelta(days=SHOWN)
    is_settled = is_old and token.is_live and entry.rotated_at is None
    refused = event_queries.of_credential(db, entry.id, user_id=entry.user_id, refusals=True)
    happened = event_queries.of_credential(db, entry.id, user_id=entry.user_id)
    return TokenDetails(
        **msgspec.structs.asdict(token),
        note=entry.note,
        predecessor=rotation.link(db, entry.user_id, entry.rotated_from),
        successor=rotation.link(db, entry.user_id, rotation.successor_of(db, entry.id)),
        days=[TokenDay(day, by_day.get(day, 0)) for day in days],
        resources=[TokenUse(*use) for use in uses.items()],
        unneeded=unneeded(token.scopes, uses, sum(by_day.values()), catalogue) if is_settled else [],
        denials=denials(refused),
        events=[sentence_of(event, {entry.id: entry.name}) for event in happened],
    )


def denials(events: Sequence[AuditEvent]) -> list[TokenDenial]:
    """Refusals of a token, from audit events."""
    return [
        TokenDenial(
            event.at,
            str(event.details.get("code", "")),
            str(event.details.get("reason", "")),
            str(event.details.get("route", "")),
            ip_address=event.address,
        )
        for event in events
    ]
