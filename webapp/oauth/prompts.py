"""PromptStamp: since when an authorization request demands a new login, so that it is demanded once only."""

from datetime import UTC, datetime, timedelta

from webapp.core.digests import constant_time_equal, derive, keyed

PARAMETER = "prompted"
"""Query parameter of our own with the stamp."""
LONGEST = timedelta(minutes=15)
"""How long a login may take."""


class PromptStamp:
    """Stamps and reads the time at which a request with ``prompt=login`` or ``max_age`` first came.

    The browser carries the stamp, so it is signed, together with the request it belongs to.
    """

    def __init__(self, secret_key: str) -> None:
        self._key = derive(secret_key, "authorization prompt")

    def stamp(self, request: str, moment: datetime) -> str:
        """Sign the time at which an authorization request first came.

        Args:
            request: the query string of the authorization request, without the stamp.
        """
        seconds = str(int(moment.timestamp()))
        return f"{seconds}.{keyed(self._key, f'{seconds} {request}')}"

    def added_to(self, query: str, moment: datetime) -> str:
        """An authorization request with the time at which it first came: the one in its stamp, else ``moment``."""
        original, _mark, _stamp = query.partition(f"&{PARAMETER}=")
        return f"{original}&{PARAMETER}={self.stamp(original, self.read(query, moment) or moment)}"

    def read(self, query: str, moment: datetime) -> datetime | None:
        """The time in the stamp of a request; None unless this site signed it for this request, not too long ago."""
        request, _mark, stamp = query.partition(f"&{PARAMETER}=")
        seconds, _dot, mac = stamp.partition(".")
        if not (seconds.isascii() and seconds.isdigit() and len(seconds) <= 12):
            return None
        if not constant_time_equal(mac, keyed(self._key, f"{seconds} {request}")):
            return None
        since = datetime.fromtimestamp(int(seconds), UTC)
        return since if timedelta() <= moment - since <= LONGEST else None
