"""The machine: its clock, and how long it takes to hash a password."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from time import perf_counter

from webapp.accounts.passwords import Passwords
from webapp.cli.health_checks.finding import Finding, bad, ok, warn
from webapp.core.clock import now

# When this was written; no honest clock says less.
WRITTEN_AT = datetime(2026, 11, 1, tzinfo=UTC)
LEEWAY = timedelta(minutes=1)
SLOW = 1.0


def clock(last_event_at: datetime | None) -> Finding:
    moment = now()
    if moment < WRITTEN_AT:
        return bad("clock", f"It says {moment:%Y-%m-%d}, which is past.", "Set it; expired tokens would work again.")
    if last_event_at is not None and last_event_at > moment + LEEWAY:
        return bad(
            "clock",
            f"It says {moment:%Y-%m-%d %H:%M}Z, before the last event ({last_event_at:%Y-%m-%d %H:%M}Z).",
            "Set it, or keep it set by NTP; expired tokens would work again.",
        )
    return ok("clock", f"It says {moment:%Y-%m-%d %H:%M}Z.")


def hashing(passwords: Passwords) -> Iterator[Finding]:
    started = perf_counter()
    passwords.hash("how long does this take?")
    took = perf_counter() - started
    if took > SLOW:
        yield warn("passwords", f"Hashing one takes {took:.1f} s.", "Give the machine more, or expect slow logins.")
    else:
        yield ok("passwords", f"Hashing one takes {took * 1000:.0f} ms.")
