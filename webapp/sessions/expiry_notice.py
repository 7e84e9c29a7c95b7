"""end_of: when a session expires, for the notice that pages show before it does."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from webapp.guard.principal import Principal

WARNING = timedelta(minutes=10)
# Last use is stored at most once a minute, so the idle timeout may come that much earlier.
UNWRITTEN = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class SessionExpiry:
    """When a session ends, and what extends it."""

    at: datetime
    takes_proof: bool
    """Whether only re-authentication extends it; otherwise any request does."""
    is_near: bool


def end_of(principal: Principal, idle: timedelta, now: datetime) -> SessionExpiry:
    """The earlier of idle timeout and absolute timeout, if no request follows.

    Args:
        idle: the idle timeout of sessions.
    """
    last = principal.expires_at
    unused = last if principal.idle_at is None else max(principal.idle_at, now + idle - UNWRITTEN)
    return SessionExpiry(min(last, unused), unused >= last, min(last, unused) - now <= WARNING)
