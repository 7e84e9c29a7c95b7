"""Device codes: issue() one, allow() or deny() it as a user, poll() for the decision, spend() it once (RFC 8628)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from webapp.audit.log import Event, record
from webapp.core.clock import now
from webapp.core.digests import digest, new_secret
from webapp.credentials import sids
from webapp.credentials.lifecycle import AuthenticationProof
from webapp.guard.principal import Principal
from webapp.guard.token_grant import TokenGrant
from webapp.oauth import clients, consents, user_codes
from webapp.oauth.models import DeviceCode, OAuthClient
from webapp.oauth.user_codes import UserCodes
from webapp.tokens import refresh_families
from webapp.tokens.refresh_families import FamilyTerms, RefreshLifetimes, ScriptClient

LIFETIME = timedelta(minutes=10)
INTERVAL = timedelta(seconds=5)
"""Between two token requests; it grows by as much each time a device is faster (RFC 8628 §3.5)."""
EARLY = timedelta(seconds=1)
"""How much earlier a token request may come, because the one before may have taken longer on its way."""
MOST_TRIES = 5
RETENTION = timedelta(hours=1)
"""How long an expired code is kept, so that a second use is noticed."""


@dataclass(frozen=True, slots=True, repr=False)
class NewDeviceCode:
    """Both codes are shown once and not stored."""

    device_code: str
    user_code: str


def issue(
    db: Session,
    codes: UserCodes,
    client: OAuthClient,
    scopes: Sequence[str],
    *,
    resources: Sequence[str] = (),
    jkt: str | None = None,
    ip_address: str | None = None,
) -> NewDeviceCode:
    """Issue a device code and its user code (RFC 8628 §3.2).

    Args:
        resources: services that its access tokens may be for (RFC 8707); empty for this site.
        jkt: thumbprint of the key that it has proved; its token requests must prove it too.
        ip_address: its IP address.
    """
    moment = now()
    for tries in range(MOST_TRIES):
        codes_of_device = NewDeviceCode(new_secret(), user_codes.new_code())
        row = DeviceCode(
            digest=digest(codes_of_device.device_code),
            user_code=codes.digest(codes_of_device.user_code),
            client_id=client.id,
            scopes=list(scopes),
            resources=list(resources),
            jkt=jkt,
            ip_address=ip_address,
            created_at=moment,
            expires_at=moment + LIFETIME,
            interval=INTERVAL,
        )
        try:
            with db.begin_nested():
                db.add(row)
        except IntegrityError:
            # One of the codes that are kept has the same letters.
            if tries + 1 == MOST_TRIES:
                raise
        else:
            return codes_of_device
    raise AssertionError("unreachable")


def waiting(db: Session, codes: UserCodes, code: str) -> tuple[DeviceCode, OAuthClient] | None:
    """The device that waits with a user code, and its app; None if there is none, or its app may not have any."""
    row = db.scalar(select(DeviceCode).where(DeviceCode.user_code == codes.digest(code), *is_pending()))
    client = clients.find(db, str(row.client_id)) if row else None
    return (row, client) if row and client and client.is_for_devices else None


def is_pending() -> tuple[ColumnElement[bool], ...]:
    return DeviceCode.allowed_at.is_(None), DeviceCode.denied_at.is_(None), DeviceCode.expires_at > now()


def allow(db: Session, row: DeviceCode, client: OAuthClient, principal: Principal, scopes: Sequence[str]) -> bool:
    """Let a user allow a device. False if somebody decided meanwhile: one conditional statement, so one wins.

    The family begins here, not when the device fetches its tokens: whatever ends the access of its user in between,
    such as a new password, ends it too.
    """
    session_id = sids.sid_of(db, principal.credential_id) or principal.credential_id
    if not decided(db, row, allowed_at=now(), user_id=principal.user_id, session_id=session_id):
        return False
    terms = FamilyTerms(
        TokenGrant(frozenset(scopes), client=str(client.id), jkt=row.jkt, audiences=tuple(row.resources)),
        row.expires_at - now(),
        RefreshLifetimes(None, row.expires_at - now()),
        app_name=client.name,
    )
    proof = AuthenticationProof(principal.auth_time, principal.amr)
    family = refresh_families.begin(db, principal.user_id, terms, ScriptClient("", row.ip_address), proof)
    row.grant_id, row.scopes = family.credential.id, list(scopes)
    consents.give(db, principal.user_id, client, scopes, resources=row.resources, event=Event.DEVICE_ALLOWED)
    return True


def deny(db: Session, row: DeviceCode, client: OAuthClient, principal: Principal) -> bool:
    """Let a user refuse a device. False if somebody decided meanwhile."""
    if not decided(db, row, denied_at=now(), user_id=principal.user_id):
        return False
    record(db, Event.DEVICE_DENIED, user_id=principal.user_id, client=str(client.id), name=client.name)
    return True


def decided(db: Session, row: DeviceCode, **values: object) -> bool:
    update_undecided = update(DeviceCode).where(DeviceCode.digest == row.digest, *is_pending()).values(**values)
    if db.execute(update_undecided.returning(DeviceCode.digest)).first() is None:
        return False
    db.refresh(row)
    return True


class DeviceState(Enum):
    """Result of ``poll``."""

    PENDING = auto()
    TOO_FAST = auto()
    DENIED = auto()
    EXPIRED = auto()
    INVALID = auto()
    """Unknown, of another client, without its key, or used."""
    ALLOWED = auto()


def poll(db: Session, client: OAuthClient, code: str, jkt: str | None) -> tuple[DeviceState, DeviceCode | None]:
    """What a token request of a device finds; notes when it came (RFC 8628 §3.5).

    A second use of a code ends what the first one got.
    """
    row = db.get(DeviceCode, digest(code), with_for_update=True)
    if row is None or row.client_id != client.id or (row.jkt is not None and row.jkt != jkt):
        # Presented by another client or without its key: the device must not lose its code by this.
        return DeviceState.INVALID, None
    moment = now()
    if row.used_at is not None:
        if row.grant_id is not None:
            refresh_families.end(db, row.grant_id, event=Event.DEVICE_CODE_REUSED, origin="site")
        return DeviceState.INVALID, row
    if row.denied_at is not None:
        return DeviceState.DENIED, row
    if row.expires_at <= moment:
        return DeviceState.EXPIRED, row
    if row.allowed_at is not None:
        return DeviceState.ALLOWED, row
    is_too_fast = row.polled_at is not None and moment - row.polled_at < row.interval - EARLY
    row.polled_at = moment
    if is_too_fast:
        row.interval = min(row.interval + INTERVAL, LIFETIME)
    return (DeviceState.TOO_FAST if is_too_fast else DeviceState.PENDING), row


def spend(db: Session, row: DeviceCode) -> bool:
    """Use a code up; False if it was used before. One conditional statement, so one of several requests wins."""
    unused = DeviceCode.digest == row.digest, DeviceCode.used_at.is_(None)
    updated = db.execute(update(DeviceCode).where(*unused).values(used_at=now()).returning(DeviceCode.digest))
    return updated.first() is not None


def purge(db: Session, *, limit: int = 500) -> int:
    """Delete codes that expired an hour ago. Returns how many; 0 when none are left."""
    old = select(DeviceCode.digest).where(DeviceCode.expires_at < now() - RETENTION).limit(limit)
    return len(db.scalars(delete(DeviceCode).where(DeviceCode.digest.in_(old)).returning(DeviceCode.digest)).all())
