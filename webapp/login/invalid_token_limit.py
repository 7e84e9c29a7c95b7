"""InvalidTokenLimit: rate limit of requests with invalid tokens, per network."""

from dataclasses import dataclass

from webapp.core.client_network import network_of
from webapp.core.ratelimit import Limit, Limiter
from webapp.login.flow import Throttled


@dataclass(frozen=True, slots=True)
class InvalidTokenLimit:
    """Limits guessing of tokens. Requests with valid tokens are not counted."""

    limiter: Limiter
    limit: Limit

    def too_many(self, ip_address: str | None) -> Throttled | None:
        """The refusal, if an IP address is over the limit."""
        tries = self.limiter.peek(self.limit, network_of(ip_address))
        return None if tries.allowed else Throttled(tries.retry_after)

    def count(self, ip_address: str | None) -> None:
        """Count an invalid token. Must not be called within a write transaction, because it opens one."""
        self.limiter.take(self.limit, network_of(ip_address))
