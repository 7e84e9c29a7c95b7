"""rotate(): replaces an API token by a new one with the same permissions; the old one expires after an overlap."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from webapp.audit.log import Event, record
from webapp.core.clock import NEVER, now
from webapp.core.translation import _
from webapp.credentials.lifecycle import AuthenticationProof
from webapp.credentials.models import Credential
from webapp.credentials.usage_store import inherit_networks
from webapp.guard.principal import TokenRenewal
from webapp.guard.token_grant import TokenGrant
from webapp.tokens.issuing import IssuedToken, TokenIssuer, TokenRequest
from webapp.tokens.lifecycle import TokenRow
from webapp.tokens.models import ApiToken
from webapp.tokens.widening import Bounds, is_wider


class NotRotatable(Exception):
    """The token cannot be rotated; the message is for the user, ``successor_id`` is the token that replaced it."""

    def __init__(self, message: str, successor_id: UUID | None = None) -> None:
        super().__init__(message)
        self.successor_id = successor_id


@dataclass(frozen=True, slots=True, kw_only=True)
class RotationOptions:
    """Options of a rotation: overlap, longest lifetime, and who rotates."""

    overlap: timedelta
    """For how long both tokens are valid, unless the old one expires sooner."""
    longest: timedelta
    """Maximum lifetime of the new token."""
    may_never_end: bool
    origin: str
    """Who rotates it: ``owner``, ``self`` (the token itself) or ``cli`` (an operator)."""
    retry_window: timedelta = timedelta()
    """For how long a token may repeat its own rotation although the new token was used meanwhile."""
    proof: AuthenticationProof | None = None
    """None to inherit that of the old token, if the user did not authenticate again."""


@dataclass(frozen=True, slots=True, repr=False)
class RotatedToken:
    """The new token, and the token that it replaces."""

    issued: IssuedToken
    former: TokenRow
    is_repeat: bool = False
    """Whether it is the same new token again."""


def rotate(db: Session, issuer: TokenIssuer, user_id: UUID, token_id: UUID, options: RotationOptions) -> RotatedToken:
    """Replace a token. Permissions are copied from its row and cannot be chosen, so rotation never widens them.

    A token that repeats its own rotation, because the response was lost, gets the same new token.

    Raises:
        NotRotatable, TooManyTokens
    """
    former = locked_token(db, user_id, token_id)
    # One statement, so that only one of two concurrent rotations wins.
    mark_rotated = update(ApiToken).where(ApiToken.id == token_id, ApiToken.rotated_at.is_(None))
    mark_rotated = mark_rotated.values(rotated_at=now(), rotated_by=options.origin, taken_name=None)
    if db.execute(mark_rotated.returning(ApiToken.id)).first() is None:
        return repeated(db, issuer, former, options)
    credential = former.credential
    requested = TokenRequest(
        name=former.entry.name,
        note=former.entry.note,
        reason=former.entry.reason,
        grant=inherited(credential),
        lifetime=lifetime_after(credential, options),
        origin="rotation",
        rotated_from=token_id,
    )
    issued = issuer.issue(
        db, user_id, requested, options.proof or AuthenticationProof(credential.auth_time, credential.amr)
    )
    credential.expires_at = min(credential.expires_at, now() + options.overlap)
    inherit_networks(db, issued.entry.id, from_=token_id)
    record_rotation(db, former, issued.entry.id, options)
    return RotatedToken(issued, former)


def repeated(db: Session, issuer: TokenIssuer, former: TokenRow, options: RotationOptions) -> RotatedToken:
    """The same new token again, signed again from its row.

    Raises:
        NotRotatable
    """
    successor = repeatable_successor(db, former, options)
    former.credential.expires_at = min(former.credential.expires_at, now() + options.overlap)
    if former.entry.repeated_at is None:
        former.entry.repeated_at = now()
        record_rotation(db, former, successor.entry.id, options, again=True)
    return RotatedToken(
        IssuedToken(issuer.sign(successor.credential), successor.entry, successor.credential), former, True
    )


def repeatable_successor(db: Session, former: TokenRow, options: RotationOptions) -> TokenRow:
    """The new token, if the old one may have it again. Raises NotRotatable.

    It could get no more than it got the first time: only what itself made, unused or just made, and not wider since.
    """
    entry = db.scalar(select(ApiToken).where(ApiToken.rotated_from == former.entry.id))
    if {options.origin, former.entry.rotated_by} != {"self"}:
        raise NotRotatable(_("It was already rotated. Rotate the new token instead."), entry.id if entry else None)
    credential = db.get(Credential, entry.id, populate_existing=True) if entry else None
    if entry is None or credential is None or not credential.is_live(now()):
        raise NotRotatable(_("It was already rotated, and the new token has ended. Create a new token instead."))
    # In both directions, because the clock of another machine may be ahead.
    is_recent = abs(now() - (former.entry.rotated_at or now())) < options.retry_window
    if credential.last_used_at is not None and not is_recent:
        raise NotRotatable(_("It was already rotated, and the new token is in use. Use that one instead."), entry.id)
    before, after = inherited(former.credential), credential.grant or TokenGrant()
    if is_wider(Bounds(before, credential.expires_at), Bounds(after, credential.expires_at)):
        raise NotRotatable(
            _("It was already rotated, and the new token has more permissions now. Use that one instead."), entry.id
        )
    return TokenRow(entry, credential)


def record_rotation(
    db: Session, former: TokenRow, successor_id: UUID, options: RotationOptions, *, again: bool = False
) -> None:
    details: dict[str, Any] = {"again": True} if again else {}
    record(
        db,
        Event.TOKEN_ROTATED,
        user_id=former.entry.user_id,
        credential_id=former.entry.id,
        name=former.entry.name,
        successor_id=str(successor_id),
        ends_at=former.credential.expires_at.isoformat(),
        origin=options.origin,
        **details,
    )


def locked_token(db: Session, user_id: UUID, token_id: UUID) -> TokenRow:
    """A token of the user that can be rotated, locked until the end of the transaction. Raises NotRotatable."""
    query = select(Credential).where(Credential.id == token_id, Credential.user_id == user_id)
    credential = db.scalar(query.with_for_update().execution_options(populate_existing=True))
    entry = db.get(ApiToken, token_id, populate_existing=True) if credential is not None else None
    if credential is None or entry is None:
        raise NotRotatable(_("The token does not exist."))
    if credential.family_id is not None:
        raise NotRotatable(_("It belongs to a script login. Use the refresh token to get a new one."))
    if credential.revoked_at is not None:
        raise NotRotatable(_("It was revoked. Create a new token instead."))
    if entry.rotated_at is None and not credential.is_live(now()):
        raise NotRotatable(_("It has expired. Create a new token instead."))
    return TokenRow(entry, credential)


def inherited(credential: Credential) -> TokenGrant:
    """The permissions of the new token: the same, and it shares the rate limit count of the old one."""
    former = credential.grant or TokenGrant()
    if former.per_minute is None:
        return former
    return msgspec.structs.replace(former, counted_as=former.counted_as or credential.id.hex)


def lifetime_after(credential: Credential, options: RotationOptions) -> timedelta | None:
    """The lifetime of the new token: that of the old one, within the present limits of the site."""
    if credential.expires_at >= NEVER:
        return None if options.may_never_end else options.longest
    return min(credential.expires_at - credential.created_at, options.longest)


def successor_of(db: Session, token_id: UUID) -> UUID | None:
    """The id of the token that replaced a token."""
    return db.scalar(select(ApiToken.id).where(ApiToken.rotated_from == token_id))


def renewal_of(db: Session, token_id: UUID) -> TokenRenewal | None:
    """What came after a token; None if it is no longer known."""
    credential = db.get(Credential, token_id)
    return TokenRenewal(successor_of(db, token_id), credential.family_id is not None) if credential else None


class TokenLink(msgspec.Struct, frozen=True, kw_only=True):
    """The other end of a rotation."""

    id: UUID
    last_used_at: datetime | None
    last_used_from: str | None
    last_used_by: str | None
    is_live: bool
    expires_at: datetime


def link(db: Session, user_id: UUID, token_id: UUID | None) -> TokenLink | None:
    """The summary of a predecessor or successor; None if there is none or it was deleted."""
    if token_id is None:
        return None
    found = db.scalar(
        select(Credential)
        .join(ApiToken, ApiToken.id == Credential.id)
        .where(Credential.id == token_id, Credential.user_id == user_id)
    )
    if found is None:
        return None
    return TokenLink(
        id=found.id,
        last_used_at=found.last_used_at,
        last_used_from=found.last_used_from,
        last_used_by=found.last_used_by,
        is_live=found.is_live(now()),
        expires_at=found.expires_at,
    )


def line_of(db: Session, user_id: UUID, token_id: UUID) -> list[UUID]:
    """The id of a token followed by those of its successors, in order."""
    pairs = select(ApiToken.rotated_from, ApiToken.id).where(
        ApiToken.user_id == user_id, ApiToken.rotated_from.is_not(None)
    )
    successors = {pair.rotated_from: pair.id for pair in db.execute(pairs)}
    line = [token_id]
    while (successor := successors.get(line[-1])) is not None:
        line.append(successor)
    return line
