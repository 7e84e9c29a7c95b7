"""Principal: who is calling now, with what authority; made from a credential and its row."""

from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

from webapp.guard.token_grant import TokenGrant
from webapp.web.problem_codes import ProblemCode

Kind = Literal["session", "token"]
NONE: frozenset[str] = frozenset()


class CredentialRef(NamedTuple):
    """The credential that a request names, by its session cookie or its token, before its row is read."""

    key: str
    """By which the credential's row is found."""
    kind: Kind
    user_id: UUID | None = None
    """``sub`` of a token, compared with the row; a session says nothing of its user."""


class CredentialRow(NamedTuple):
    """What the database says of a credential and its user, in one row."""

    user_id: UUID
    username: str
    roles: tuple[str, ...]
    credential: Kind
    credential_id: UUID
    expires_at: datetime
    auth_time: datetime
    """When its user last proved who they are."""
    amr: str
    """How: RFC 8176 values, separated by spaces."""
    authority: TokenGrant | None = None
    """What a token may at the most; None where nothing is narrower than its user: a session."""
    idle_at: datetime | None = None
    """When it ends unless used before, as it stood before this request."""
    last_used_at: datetime | None = None
    time_zone: str = "UTC"
    """Its user's, for pages; by its name in the IANA database."""
    theme: str = "auto"
    language: str = "auto"
    """Of pages and problem texts: a BCP 47 tag, or "auto" for what the browser asks for."""
    disabled_at: datetime | None = None
    revoked_at: datetime | None = None
    closes_at: datetime | None = None
    """When its user's account is deleted, which they have closed; until then they may come back to keep it."""


class Principal(CredentialRow):
    """A credential's row that was accepted; what Flask-Login calls a user."""

    __slots__ = ()

    is_authenticated = True
    is_active = True
    is_anonymous = False

    @property
    def scopes(self) -> frozenset[str]:
        return self.authority.scopes if self.authority else NONE

    def get_id(self) -> str:
        """The opaque id that ``sub`` carries."""
        return str(self.user_id)


class NotAccepted(Exception):
    """A credential that is not accepted; ``code`` is the refusal's."""

    def __init__(
        self, code: ProblemCode, reason: str, standing: CredentialRow | None = None, *, key: str | None = None
    ) -> None:
        """
        Args:
            key: of a credential that was recognised, where nobody went on to ask for its row.
        """
        super().__init__(reason)
        self.code, self.standing, self.key = code, standing, key


def admit(claim: CredentialRef, standing: CredentialRow | None, now: datetime) -> Principal:
    """The principal of a claim, if its row still stands.

    Raises:
        NotAccepted: with ``session_ended``, ``token_revoked``, ``token_expired`` or ``token_invalid``.
    """
    is_token = claim.kind == "token"
    if standing is None or standing.credential != claim.kind:
        raise NotAccepted("token_invalid" if is_token else "session_ended", "no such credential")
    if claim.user_id is not None and claim.user_id != standing.user_id:
        raise NotAccepted("token_invalid", "sub is not the owner", standing)
    if standing.revoked_at is not None or standing.disabled_at is not None:
        reason = "its owner is disabled" if standing.disabled_at is not None else "it was ended"
        raise NotAccepted("token_revoked" if is_token else "session_ended", reason, standing)
    if standing.expires_at <= now or (standing.idle_at is not None and standing.idle_at <= now):
        raise NotAccepted("token_expired" if is_token else "session_ended", "it has expired", standing)
    # Of one tuple another, field by field the same; _make would count them again.
    return tuple.__new__(Principal, standing)
