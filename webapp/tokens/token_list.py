"""Paged and filtered lists of a user's API tokens, with the state of each."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from webapp.core.clock import now
from webapp.core.translation import _, _l
from webapp.credentials import usage_tracker
from webapp.credentials.models import Credential
from webapp.guard.token_grant import TokenGrant
from webapp.tokens.issuing import scopes_of
from webapp.tokens.lifecycle import TokenRow
from webapp.tokens.models import ApiToken
from webapp.tokens.scopes import displayed_path

PAGE = 20
MAX_NAMED = 500
WEEK = 7
SOON = timedelta(days=7)
LONG_UNUSED = timedelta(days=90)
RETENTION = timedelta(days=90)
WIDE = "allows_all"

WORDS = {
    "active": _l("active"),
    "rotated": _l("rotated, still valid"),
    "expires_soon": _l("expires soon"),
    "never_used": _l("never used"),
    "unused": _l("unused for 90 days"),
    "expired": _l("expired"),
    "revoked": _l("revoked"),
}


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """An API token as its owner sees it; the token itself is not among it."""

    id: UUID
    name: str
    scopes: list[str]
    state: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None
    last_used_from: str | None
    last_used_for: str | None = None
    """Method and path, such as "GET /protected"."""
    last_used_by: str | None = None
    """Short name of the client, from its User-Agent."""
    rotated_from: UUID | None = None
    """The token that it replaced."""
    rotated_at: datetime | None = None
    """When it was replaced."""
    week: list[int]
    """Requests on each of the last 7 days (UTC), today last."""

    @property
    def state_words(self) -> str:
        return str(WORDS[self.state])

    @property
    def last_request(self) -> str:
        """Method and path of the last request, for display."""
        return displayed_path(self.last_used_for or "")

    @property
    def is_live(self) -> bool:
        return self.state not in ("expired", "revoked")


@dataclass(frozen=True, slots=True)
class TokenPage:
    """A page of the list, with numbers for paging and filters."""

    tokens: list[Token]
    first: int
    total: int
    states: Counter[str]
    """Number of tokens by state in this view, without the filter."""

    @property
    def has_more(self) -> bool:
        return self.first + len(self.tokens) < self.total

    @property
    def words(self) -> str:
        if not self.tokens:
            return _("none")
        return _(
            "%(first)s to %(last)s of %(total)s",
            first=self.first + 1,
            last=self.first + len(self.tokens),
            total=self.total,
        )


class TokenGlance(NamedTuple):
    """The columns that decide the state of a token; few, because all tokens of a user are read to filter them."""

    id: UUID
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None
    rotated_at: datetime | None
    grant: TokenGrant | None


def glance(row: TokenRow) -> TokenGlance:
    found = row.credential
    times = found.created_at, found.expires_at, found.revoked_at, found.last_used_at
    return TokenGlance(found.id, *times, row.entry.rotated_at, found.grant)


def state_of(glance: TokenGlance, moment: datetime) -> str:
    """The state of a token that is shown; the most important one that applies."""
    if glance.revoked_at is not None:
        return "revoked"
    if glance.expires_at <= moment:
        return "expired"
    if glance.rotated_at is not None:
        return "rotated"
    # Not for tokens issued for a short time, which always expire soon.
    lifetime = glance.expires_at - glance.created_at
    if glance.expires_at - moment < SOON and lifetime > SOON:
        return "expires_soon"
    if glance.last_used_at is None:
        return "never_used"
    return "unused" if moment - glance.last_used_at > LONG_UNUSED else "active"


def token_page(
    db: Session,
    user_id: UUID,
    *,
    is_live: bool,
    state: str | None = None,
    first: int = 0,
    size: int = PAGE,
    all_scopes: frozenset[str] = frozenset(),
) -> TokenPage:
    """A page of a user's tokens, the newest first; ended ones are listed for 90 days.

    Args:
        all_scopes: all scopes that the owner can grant, for the filter of tokens that have them all.
    """
    moment = now()
    all_glances = glances(db, user_id, is_live_at(moment) if is_live else recently_ended(moment))
    states = Counter(state_of(one, moment) for one in all_glances)
    states[WIDE] = sum(allows_all(one, all_scopes) for one in all_glances)
    token_ids = [one.id for one in all_glances if state is None or is_in_state(one, state, all_scopes, moment)]
    rows = rows_by_id(db, token_ids[first : first + size])
    return TokenPage(describe_all(db, rows, moment), first, len(token_ids), states)


def glances(db: Session, user_id: UUID, view: ColumnElement[bool]) -> list[TokenGlance]:
    columns: list[Any] = [Credential.id, Credential.created_at, Credential.expires_at, Credential.revoked_at]
    columns += [Credential.last_used_at, ApiToken.rotated_at, Credential.grant]
    return [TokenGlance._make(found) for found in db.execute(of_owner(columns, user_id, view))]


def rows_by_id(db: Session, token_ids: Sequence[UUID]) -> list[TokenRow]:
    """Tokens in the order of their ids; queried in batches, because a statement has a limited number of parameters."""
    found: dict[UUID, TokenRow] = {}
    for batch in (token_ids[start : start + MAX_NAMED] for start in range(0, len(token_ids), MAX_NAMED)):
        query = select(ApiToken, Credential).join(Credential, Credential.id == ApiToken.id)
        for entry, credential in db.execute(query.where(ApiToken.id.in_(batch))):
            found[entry.id] = TokenRow(entry, credential)
    return [found[token_id] for token_id in token_ids]


def is_in_state(glance: TokenGlance, state: str, all_scopes: frozenset[str], moment: datetime) -> bool:
    return allows_all(glance, all_scopes) if state == WIDE else state_of(glance, moment) == state


def allows_all(glance: TokenGlance, all_scopes: frozenset[str]) -> bool:
    """Whether a token has all scopes that its owner can grant, if these are more than one."""
    grant = glance.grant
    return bool(grant and len(all_scopes) > 1 and grant.scopes >= all_scopes and not grant.is_bounded)


def counts(db: Session, user_id: UUID) -> dict[str, int]:
    """Number of tokens in each view."""
    moment = now()
    views = {"active": is_live_at(moment), "ended": recently_ended(moment)}
    return {
        name: db.scalar(select(func.count()).select_from(of_owner([Credential.id], user_id, view).subquery())) or 0
        for name, view in views.items()
    }


def of_owner(columns: Sequence[Any], user_id: UUID, view: ColumnElement[bool]) -> Select[Any]:
    # Access tokens of script logins are not listed; the logins are listed elsewhere.
    own_tokens = Credential.user_id == user_id, Credential.kind == "token", Credential.family_id.is_(None)
    joined: Select[Any] = select(*columns).join_from(Credential, ApiToken, ApiToken.id == Credential.id)
    return joined.where(*own_tokens, view).order_by(Credential.created_at.desc(), ApiToken.id)


def is_live_at(moment: datetime) -> ColumnElement[bool]:
    """SQL condition: the token is live."""
    return and_(Credential.revoked_at.is_(None), Credential.expires_at > moment)


def recently_ended(moment: datetime) -> ColumnElement[bool]:
    ended_recently = or_(
        Credential.revoked_at > moment - RETENTION, Credential.expires_at.between(moment - RETENTION, moment)
    )
    return and_(or_(Credential.revoked_at.is_not(None), Credential.expires_at <= moment), ended_recently)


def describe_all(db: Session, rows: Sequence[TokenRow], moment: datetime) -> list[Token]:
    """Tokens in the form that lists show, with their use in the last 7 days."""
    days = [moment.date() - timedelta(days=back) for back in range(WEEK - 1, -1, -1)]
    uses = usage_tracker.by_day(db, [row.entry.id for row in rows], since=days[0])
    return [describe(row, uses[row.entry.id], days, moment) for row in rows]


def describe(row: TokenRow, uses: dict[date, int], days: Sequence[date], moment: datetime) -> Token:
    return Token(
        id=row.entry.id,
        name=row.entry.name,
        scopes=scopes_of(row.credential),
        state=state_of(glance(row), moment),
        created_at=row.credential.created_at,
        expires_at=row.credential.expires_at,
        revoked_at=row.credential.revoked_at,
        last_used_at=row.credential.last_used_at,
        last_used_from=row.credential.last_used_from,
        last_used_for=row.credential.last_used_for,
        last_used_by=row.credential.last_used_by,
        rotated_from=row.entry.rotated_from,
        rotated_at=row.entry.rotated_at,
        week=[uses.get(day, 0) for day in days],
    )
