"""FetchedKeys: public keys that clients publish at their ``jwks_uri`` (RFC 7517), fetched on demand."""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

from webapp.core.outgoing_http import NotReached, OutgoingHttp
from webapp.oauth.client_keys import ClientKey, InvalidClientKeys, key_of
from webapp.verify import Invalid, load

log = logging.getLogger(__name__)

NO_KEYS = "the public keys at jwks_uri cannot be fetched, or none can be used"
"""For the developer of the client, who would otherwise look for a wrong ``kid``."""
FRESH, PAUSE, STALE = 300.0, 10.0, 3600.0
"""Seconds: for which keys are used without a new fetch; between two fetches; for which they are used at the longest."""
MOST_KEYS, MOST_URLS = 32, 256


@dataclass(slots=True)
class CachedJwks:
    """The keys at one URL. Replaced as a whole, so that threads see the old or the new ones."""

    keys: Sequence[ClientKey] = ()
    fetched_at: float = -float("inf")
    tried_at: float = -float("inf")
    turn: threading.Lock = field(default_factory=threading.Lock)

    @property
    def age(self) -> float:
        return time.monotonic() - self.fetched_at

    def has(self, kid: str | None) -> bool:
        return bool(self.keys) if kid is None else any(key.kid == kid for key in self.keys)


class FetchedKeys:
    """One thread at a time fetches the keys of a URL, at a limited rate, whatever assertions are sent."""

    def __init__(self, http: OutgoingHttp) -> None:
        self._http = http
        self._published: OrderedDict[str, CachedJwks] = OrderedDict()

    def find(self, url: str, kid: str | None) -> Sequence[ClientKey]:
        """The keys at a URL; empty if they cannot be fetched.

        Args:
            kid: of the key that is needed; None if the assertion names none.
        """
        published = self._published.setdefault(url, CachedJwks())
        if len(self._published) > MOST_URLS:
            self._published.popitem(last=False)
        if not published.has(kid) or published.age > FRESH:
            self._renew(url, published, is_urgent=not published.has(kid) or published.age > STALE)
        return published.keys if published.age <= STALE else ()

    def _renew(self, url: str, published: CachedJwks, *, is_urgent: bool) -> None:
        # A thread that can continue with the known keys does not wait for a fetch by another thread.
        if not published.turn.acquire(timeout=self._http.timeout if is_urgent else 0):
            return
        try:
            if time.monotonic() - published.tried_at >= PAUSE:
                published.tried_at = time.monotonic()
                published.keys, published.fetched_at = self._fetch(url), published.tried_at
        except (NotReached, Invalid) as error:
            log.warning("keys of an app not fetched", extra={"fields": {"url": url, "reason": str(error)}})
        finally:
            published.turn.release()

    def _fetch(self, url: str) -> Sequence[ClientKey]:
        answer = self._http.send("GET", url, headers={"Accept": "application/jwk-set+json, application/json"})
        if answer.status != 200:
            raise Invalid(f"status {answer.status}")
        return keys_in(answer.body)


def keys_in(raw: bytes) -> Sequence[ClientKey]:
    """The usable keys of a JWKS; others are ignored (RFC 7517 §5).

    Raises:
        Invalid: it is no JWKS, or has too many keys.
    """
    jwks = load(raw).get("keys")
    if not isinstance(jwks, list) or len(jwks) > MOST_KEYS:
        raise Invalid("no set of keys")
    found = []
    for jwk in jwks:
        try:
            found.append(key_of(jwk))
        except InvalidClientKeys:
            continue
    return found
