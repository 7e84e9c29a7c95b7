"""edit(): changes name, note, permissions or expiry of an existing API token; the token itself stays the same."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from webapp.audit.log import Event, record
from webapp.guard.token_grant import TokenGrant
from webapp.tokens.issuing import TokenNameTaken, facts
from webapp.tokens.lifecycle import TokenRow
from webapp.tokens.widening import Bounds, is_wider


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenTerms:
    """Everything that the owner of a token may change."""

    name: str
    note: str | None
    grant: TokenGrant
    expires_at: datetime

    @property
    def bounds(self) -> Bounds:
        return Bounds(self.grant, self.expires_at)


class TokenEdited(Protocol):
    """Hook: called when a token was edited, in the transaction of the change."""

    def __call__(self, db: Session, row: TokenRow, *, is_wider: bool) -> None: ...


@dataclass(frozen=True, slots=True)
class TokenEdit:
    """The terms of a token before and after a change."""

    before: TokenTerms
    after: TokenTerms

    @property
    def is_wider(self) -> bool:
        return is_wider(self.before.bounds, self.after.bounds)

    @property
    def is_new(self) -> bool:
        return self.before != self.after


def terms_of(row: TokenRow) -> TokenTerms:
    """The present terms of a token."""
    return TokenTerms(
        name=row.entry.name,
        note=row.entry.note,
        grant=row.credential.grant or TokenGrant(),
        expires_at=row.credential.expires_at,
    )


def edit(db: Session, row: TokenRow, after: TokenTerms) -> TokenEdit:
    """Change a token; applies from its next request.

    Raises:
        TokenNameTaken
    """
    edited = TokenEdit(terms_of(row), after)
    if not edited.is_new:
        return edited
    try:
        with db.begin_nested():
            row.entry.name, row.entry.taken_name, row.entry.note = after.name, after.name.casefold(), after.note
    except IntegrityError as error:
        raise TokenNameTaken(after.name) from error
    row.credential.grant, row.credential.expires_at = after.grant, after.expires_at
    record(
        db,
        Event.TOKEN_EDITED,
        user_id=row.entry.user_id,
        credential_id=row.entry.id,
        name=after.name,
        before=audited_terms(edited.before),
        after=audited_terms(after),
        widened=edited.is_wider,
    )
    return edited


def audited_terms(terms: TokenTerms) -> dict[str, object]:
    return {"name": terms.name, **facts(terms.grant), "expires_at": terms.expires_at.isoformat()}
