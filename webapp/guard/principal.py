"""Principal: who is calling now, with what authority; made from a credential and its row."""

from datetime import datetime
from typing import Literal, NamedTuple, Protocol
from uuid import UUID

from webapp.guard.token_grant import TokenGrant
from webapp.web.problem_codes import ProblemCode

Kind = Literal["session", "token"]
NONE: frozenset[str] = frozenset()


class CredentialRef(NamedTuple):
    """The credential that a request names, by its session cookie or its token, before its row is read."""

    key: str
    """``Credential.key`` of its row."""
    kind: Kind
    user_id: UUID | None = None
    """``sub`` of a token, to be compared with the row; None for a session."""


class CredentialRow(NamedTuple):
    """A credential with its user, as read by the one query of every request."""

    user_id: UUID
    username: str
    roles: tuple[str, ...]
    credential: Kind
    credential_id: UUID
    expires_at: datetime
    auth_time: datetime
    """When the user last proved their identity (OIDC Core §2)."""
    amr: str
    """Methods of that authentication: RFC 8176 values, separated by spaces."""
    grant: TokenGrant | None = None
    """What a token may do; None for a session, which may do everything that its user may."""
    idle_at: datetime | None = None
    """When it ends unless it is used before, without this request."""
    last_used_at: datetime | None = None
    time_zone: str = "UTC"
    """IANA name, for pages."""
    theme: str = "auto"
    language: str = "auto"
    """Language of pages and problem texts: a BCP 47 tag, or "auto" for that of the browser."""
    disabled_at: datetime | None = None
    revoked_at: datetime | None = None
    closes_at: datetime | None = None
    """When the account is deleted, if its user has closed it; until then they may reopen it."""


class Principal(CredentialRow):
    """A credential's row that was accepted; what Flask-Login calls a user."""

    __slots__ = ()

    is_authenticated = True
    is_active = True
    is_anonymous = False

    @property
    def scopes(self) -> frozenset[str]:
        return self.grant.scopes if self.grant else NONE

    @property
    def authority(self) -> TokenGrant | None:
        """The former name of ``grant``."""
        return self.grant

    def get_id(self) -> str:
        """The user id as text, as in ``sub``; for Flask-Login."""
        return str(self.user_id)


class NotAccepted(Exception):
    """A credential that is not accepted; ``code`` is the refusal's."""

    def __init__(
        self, code: ProblemCode, reason: str, credential_row: CredentialRow | None = None, *, key: str | None = None
    ) -> None:
        """Keep the problem code and what is known of the credential that was refused.

        Args:
            key: of a valid token whose row was not read, because it has expired.
        """
        super().__init__(reason)
        self.code, self.credential_row, self.key = code, credential_row, key


class IssuedUnderFormerUrl(NotAccepted):
    """A token that this site issued under a former URL, which its settings do not name."""

    def __init__(self, former: str) -> None:
        super().__init__("token_invalid", f"issued for {former[:200]}")
        self.former = former


class TokenRenewal(NamedTuple):
    """What replaced a token."""

    successor_id: UUID | None
    """The token that replaced it."""
    is_script_login: bool
    """Whether it has a refresh token instead."""


class RenewalLookup(Protocol):
    """Hook: what replaced a token; None if it is no longer known."""

    def __call__(self, token_id: UUID, /) -> TokenRenewal | None: ...


def principal_from(claim: CredentialRef, credential_row: CredentialRow | None, now: datetime) -> Principal:
    """The principal of a credential, if its row is live and matches.

    Args:
        claim: what the request names.
        credential_row: its row; None if there is none.

    Raises:
        NotAccepted: with ``session_ended``, ``token_revoked``, ``token_expired`` or ``token_invalid``.
    """
    is_token = claim.kind == "token"
    if credential_row is None or credential_row.credential != claim.kind:
        raise NotAccepted("token_invalid" if is_token else "session_ended", "no such credential")
    if claim.user_id is not None and claim.user_id != credential_row.user_id:
        raise NotAccepted("token_invalid", "sub is not the owner", credential_row)
    if credential_row.revoked_at is not None or credential_row.disabled_at is not None:
        reason = "its owner is disabled" if credential_row.disabled_at is not None else "it was ended"
        raise NotAccepted("token_revoked" if is_token else "session_ended", reason, credential_row)
    if credential_row.expires_at <= now or (credential_row.idle_at is not None and credential_row.idle_at <= now):
        raise NotAccepted("token_expired" if is_token else "session_ended", "it has expired", credential_row)
    grant = credential_row.grant
    if grant is not None and grant.roles and grant.roles.isdisjoint(credential_row.roles):
        raise NotAccepted("token_revoked", "its owner has no role that its app is for", credential_row)
    # The fields are the same; ``_make`` would be slower because it checks their number.
    return tuple.__new__(Principal, credential_row)
