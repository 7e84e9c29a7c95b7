"""TrialLogin: a test login to an app that an administrator starts to see what the app would learn; nothing is stored.

Such a login comes back to this site. Its ``state`` is signed and belongs to one app and one session, so nobody else can
start one.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from webapp.core.digests import constant_time_equal, derive, keyed, new_secret

LONGEST = timedelta(minutes=15)
"""How long it may take, with a further factor or consent."""


@dataclass(frozen=True, slots=True, repr=False)
class Trial:
    """State, nonce and code verifier of a test login."""

    state: str
    nonce: str
    code_verifier: str


class TrialLogin:
    def __init__(self, secret_key: str) -> None:
        self._key = derive(secret_key, "trial login to an app")

    def begin(self, client_id: UUID, sid: UUID, moment: datetime) -> Trial:
        """Begin the test login of a client: a signed ``state``, bound to the client and the session.

        Args:
            sid: of the session, which stays when a further factor is shown.
        """
        stamp = f"{int(moment.timestamp())}.{new_secret(16)}"
        return self._of(f"{stamp}.{self._mac(stamp, client_id, sid)}")

    def resume(self, state: str, client_id: UUID, sid: UUID, moment: datetime) -> Trial | None:
        """The login with this ``state``; None if it is not of this app and session, or too old."""
        stamp, _dot, mac = state.rpartition(".")
        seconds = stamp.partition(".")[0]
        if not (seconds.isascii() and seconds.isdigit() and len(seconds) <= 12):
            return None
        if not constant_time_equal(mac, self._mac(stamp, client_id, sid)):
            return None
        age = moment - datetime.fromtimestamp(int(seconds), UTC)
        return self._of(state) if timedelta(seconds=-1) <= age <= LONGEST else None

    def _mac(self, stamp: str, client_id: UUID, sid: UUID) -> str:
        return keyed(self._key, f"state {stamp} {client_id} {sid}")

    def _of(self, state: str) -> Trial:
        return Trial(state, keyed(self._key, f"nonce {state}"), keyed(self._key, f"verifier {state}"))


def callback_of(issuer: str, client_id: UUID) -> str:
    """The redirect URI of trial logins to an app."""
    return f"{issuer}/admin/clients/{client_id}/test/callback"
