"""RefreshGrant: exchange a refresh token for an access token and the next refresh token (RFC 6749 §6)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
from sqlalchemy.orm import Session

from webapp.accounts import user_queries
from webapp.accounts.models import User
from webapp.accounts.roles import included_in
from webapp.audit.log import Event, record
from webapp.core.clock import now
from webapp.core.db import Database
from webapp.core.digests import new_secret
from webapp.credentials import families
from webapp.credentials import lifecycle as credentials
from webapp.credentials.lifecycle import AuthenticationProof
from webapp.credentials.models import Credential
from webapp.guard.token_grant import TokenGrant
from webapp.login.flow import Throttled
from webapp.login.invalid_token_limit import InvalidTokenLimit
from webapp.tokens import lifecycle as tokens
from webapp.tokens import refresh_families, refreshing
from webapp.tokens.issuing import IssuedToken, TokenIssuer, TokenRequest, facts
from webapp.tokens.refresh_families import MAX_LIVE
from webapp.tokens.refresh_secret import SHAPE, RefreshSecrets
from webapp.tokens.refreshing import LockedRefreshToken, RefreshState
from webapp.tokens.scopes import Catalogue
from webapp.web.problem_codes import ProblemCode


@dataclass(frozen=True, slots=True, repr=False)
class GrantedTokens:
    """New tokens of a script. ``refresh_token`` is stored only as a digest."""

    issued: IssuedToken
    refresh_token: str
    refresh_ends_at: datetime


@dataclass(frozen=True, slots=True)
class RefreshDenied:
    """A refused refresh. ``code`` is the problem code, ``reason`` is for the audit log."""

    code: ProblemCode
    reason: str


@dataclass(frozen=True, slots=True)
class ScopesTooWide:
    """Scopes that were not granted at login, or that the owner may no longer grant."""

    scopes: Sequence[str]


Outcome = GrantedTokens | RefreshDenied | ScopesTooWide


@dataclass(frozen=True, slots=True)
class RefreshGrant:
    """The refresh grant of script logins (RFC 6749 §6), in a transaction of its own.

    It runs outside the request's transaction, because the end of a login after reuse must outlive the refusal.
    """

    database: Database
    invalid_token_limit: InvalidTokenLimit
    issuer: TokenIssuer
    refresh_secrets: RefreshSecrets
    overlap: timedelta
    """For how long after its use a refresh token gets the same successor again."""

    def begin(
        self,
        secret: str,
        requested: Sequence[str],
        catalogue: Catalogue,
        ip_address: str | None,
        *,
        jkt: str | None = None,
    ) -> Outcome | Throttled:
        """Exchange a refresh token.

        Args:
            secret: the refresh token.
            requested: narrower scopes for this access token; empty for all scopes of the login.
            ip_address: IP address of the client.
            jkt: thumbprint of the key in the DPoP proof (RFC 9449 §6.1).
        """
        if throttled := self.invalid_token_limit.too_many(ip_address):
            return throttled
        outcome = self.attempt(secret, requested, catalogue, ip_address, jkt)
        if isinstance(outcome, RefreshDenied):
            self.invalid_token_limit.count(ip_address)
        return outcome

    def attempt(
        self, secret: str, requested: Sequence[str], catalogue: Catalogue, ip_address: str | None, jkt: str | None
    ) -> Outcome | Throttled:
        if not SHAPE.fullmatch(secret):
            return RefreshDenied("refresh_invalid", "not a refresh token of this site")
        with self.database.write() as db:
            locked_token = refreshing.lock_refresh_token(db, secret)
            if locked_token is None or locked_token.family.client_id is not None:
                # An app exchanges its own at the token endpoint of OAuth, where it must authenticate.
                return RefreshDenied("refresh_invalid", "unknown")
            # First, so that somebody with the token but without its key cannot even end the login.
            if not is_bound_to(locked_token, jkt):
                outcome: Outcome | Throttled = RefreshDenied("refresh_invalid", "its key was not proven")
            else:
                outcome = self.decide(db, locked_token, requested, catalogue, ip_address)
            if isinstance(outcome, RefreshDenied) and outcome.code != "refresh_reused":
                record_refusal(db, locked_token, outcome.reason)
            return outcome

    def decide(
        self,
        db: Session,
        locked_token: LockedRefreshToken,
        requested: Sequence[str],
        catalogue: Catalogue,
        ip_address: str | None,
    ) -> Outcome | Throttled:
        moment = now()
        state = refreshing.state_of(locked_token, moment, self.overlap)
        if state is RefreshState.ENDED:
            return RefreshDenied("refresh_invalid", "the login has ended")
        if state is RefreshState.REUSED:
            refresh_families.end(db, locked_token.family.id, event=Event.REFRESH_REUSED, origin="site")
            return RefreshDenied("refresh_reused", "it was already used")
        user = user_queries.by_id(db, locked_token.credential.user_id)
        if user is None or not may_refresh(user):
            return RefreshDenied("refresh_invalid", "its owner may not log in")
        allowed_scopes = locked_token.scopes.intersection(
            catalogue.for_user(db, user.id).held_by(included_in(db, user.role))
        )
        if not allowed_scopes or set(requested) - allowed_scopes:
            return ScopesTooWide(sorted(set(requested) - allowed_scopes))
        if state is RefreshState.FRESH and (retry_after := refreshing.wait(db, locked_token, moment)):
            return Throttled(retry_after)
        successor = refreshing.next_refresh_token(db, locked_token, state, self.refresh_secrets, moment)
        if successor is None:
            return RefreshDenied("refresh_invalid", "another request used it first")
        ends_at = credentials.note_use(db, locked_token.credential, moment, ip_address)
        issued = self.access_token(db, locked_token, state, frozenset(requested) or allowed_scopes, moment)
        return GrantedTokens(issued, successor, ends_at) if issued else Throttled(self.overlap)

    def access_token(
        self,
        db: Session,
        locked_token: LockedRefreshToken,
        state: RefreshState,
        scopes: frozenset[str],
        moment: datetime,
    ) -> IssuedToken | None:
        """Issue an access token and let earlier ones expire soon; or the same again for a repeated request.

        Returns:
            None if a repeated request would issue one too many: each could name other scopes, and each token is a row.
        """
        members = families.live_members(db, locked_token.family.id)
        if state is RefreshState.FRESH:
            refresh_families.supersede(db, members, moment + self.overlap)
        elif same := next((one for one in members if one.grant and one.grant.scopes == scopes), None):
            return self.again(db, locked_token, same, moment)
        elif len(members) >= MAX_LIVE:
            return None
        return self.mint(db, locked_token, scopes, moment)

    def again(
        self, db: Session, locked_token: LockedRefreshToken, credential: Credential, moment: datetime
    ) -> IssuedToken:
        """The same access token again; only the first repeat is recorded, because there may be any number."""
        row = tokens.find(db, credential.user_id, credential.id)
        if row is None:
            raise LookupError(credential.id)
        if refreshing.mark_repeated(db, locked_token, moment):
            details = facts(credential.grant or TokenGrant())
            details |= {"name": row.entry.name, "origin": "api", "again": True}
            record(db, Event.REFRESH_USED, user_id=credential.user_id, credential_id=credential.id, **details)
        return IssuedToken(self.issuer.sign(credential), row.entry, credential)

    def mint(
        self, db: Session, locked_token: LockedRefreshToken, scopes: frozenset[str], moment: datetime
    ) -> IssuedToken:
        family, credential = locked_token.family, locked_token.credential
        token_request = TokenRequest(
            name=random_name(),
            grant=msgspec.structs.replace(credential.grant or TokenGrant(), scopes=scopes),
            lifetime=min(family.access_lifetime, credential.expires_at - moment),
            origin="api",
            family_id=family.id,
            event=Event.REFRESH_USED,
        )
        # As old as the login: refreshing is no new authentication.
        return self.issuer.issue(
            db, credential.user_id, token_request, AuthenticationProof(credential.auth_time, credential.amr)
        )


def is_bound_to(locked_token: LockedRefreshToken, jkt: str | None) -> bool:
    """Whether the request proves the key that the login was bound to, or none for an unbound login (RFC 9449 §5)."""
    return (locked_token.credential.grant or TokenGrant()).jkt == jkt


def may_refresh(user: User) -> bool:
    """Whether the user could log in now."""
    is_open = user.disabled_at is None and user.closes_at is None
    return is_open and not user.is_unverified and not user.is_service


def random_name() -> str:
    return f"api-{new_secret(6)}"


def record_refusal(db: Session, locked_token: LockedRefreshToken, reason: str) -> None:
    record(
        db,
        Event.REFRESH_REFUSED,
        user_id=locked_token.credential.user_id,
        credential_id=locked_token.family.id,
        reason=reason,
    )
