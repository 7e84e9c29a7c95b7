"""When a session ends, for a notice before it does."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from webapp.guard.principal import Principal

WARNING = timedelta(minutes=10)
# A use is written at most once a minute, so the idle end may come so much earlier than the last request says.
UNWRITTEN = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class End:
    at: datetime
    takes_proof: bool
    """Whether only a password puts it off, or any use does."""
    is_near: bool


def end_of(principal: Principal, idle: timedelta, now: datetime) -> End:
    """The first of the two ends, if the request that is being answered stays the last one."""
    last = principal.expires_at
    unused = last if principal.idle_at is None else max(principal.idle_at, now + idle - UNWRITTEN)
    return End(min(last, unused), unused >= last, min(last, unused) - now <= WARNING)
