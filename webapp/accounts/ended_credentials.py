"""end_logins, EndedCredentials: end all logins of a user, and say in numbers and in a sentence what was ended."""

from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from webapp.accounts import one_time_links
from webapp.core.translation import _, _n
from webapp.credentials import logins
from webapp.credentials.live_counts import live_counts_of
from webapp.tokens import lifecycle as tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedCredentials:
    """Number of credentials that an action ended; pages, mails, JSON and the audit log show these numbers."""

    sessions: int
    script_logins: int
    """Each with its access and refresh tokens."""
    tokens: int
    """API tokens that were revoked."""
    tokens_kept: int
    """API tokens that still work."""

    @property
    def facts(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def sentence(self) -> str:
        """Such as "Ended: 2 sessions, 1 script login, 0 API tokens. 3 API tokens still work."."""
        ended = _(
            "Ended: %(sessions)s, %(script_logins)s, %(tokens)s.",
            sessions=_n("%(num)s session", "%(num)s sessions", self.sessions),
            script_logins=_n("%(num)s script login", "%(num)s script logins", self.script_logins),
            tokens=_n("%(num)s API token", "%(num)s API tokens", self.tokens),
        )
        if not self.tokens_kept:
            return ended
        kept_sentence = _n("%(num)s API token still works.", "%(num)s API tokens still work.", self.tokens_kept)
        return f"{ended} {kept_sentence}"


def end_logins(
    db: Session, user_id: UUID, *, keep: UUID | None = None, revokes_tokens: bool = False
) -> EndedCredentials:
    """End all sessions and script logins of a user, and void mailed links that give access.

    Args:
        keep: a session to leave alone, such as the one that made the request.
        revokes_tokens: whether API tokens are revoked as well.

    Returns:
        What was ended.
    """
    ended = logins.end_logins(db, user_id, keep=keep)
    revoked = tokens.revoke_all(db, user_id).tokens if revokes_tokens else 0
    one_time_links.void(db, user_id)
    return EndedCredentials(
        sessions=ended.sessions,
        script_logins=ended.script_logins,
        tokens=revoked,
        tokens_kept=live_counts_of(db, user_id).tokens,
    )
