"""Limit of invalid tokens per IP address; valid ones are not counted."""

from dataclasses import dataclass

from webapp.core.client_network import network_of
from webapp.core.ratelimit import Limit, Limiter
from webapp.login.flow import Throttled


@dataclass(frozen=True, slots=True)
class InvalidTokenLimit:
    limiter: Limiter
    limit: Limit

    def too_many(self, address: str | None) -> Throttled | None:
        tries = self.limiter.look(self.limit, network_of(address))
        return None if tries.allowed else Throttled(tries.retry_after)

    def count(self, address: str | None) -> None:
        """Not within a transaction that writes: the count has one of its own."""
        self.limiter.take(self.limit, network_of(address))
