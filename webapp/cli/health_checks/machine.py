"""Checks of the machine: its clock, and the time to hash a password."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from time import perf_counter

from webapp.accounts.passwords import Passwords
from webapp.cli.health_checks.finding import Finding, bad, ok, warn
from webapp.core.clock import now

# When this was written; a correct clock is later.
WRITTEN_AT = datetime(2026, 11, 1, tzinfo=UTC)
LEEWAY = timedelta(minutes=1)
SLOW = 1.0


def clock(last_event_at: datetime | None) -> Finding:
    moment = now()
    if moment < WRITTEN_AT:
        return bad(
            "clock",
            f"The clock says {moment:%Y-%m-%d}, which is in the past.",
            "Set it. Until then, expired tokens work again.",
        )
    if last_event_at is not None and last_event_at > moment + LEEWAY:
        return bad(
            "clock",
            f"The clock says {moment:%Y-%m-%d %H:%M}Z, before the last audit event ({last_event_at:%Y-%m-%d %H:%M}Z).",
            "Set it, or synchronise it with NTP. Until then, expired tokens work again.",
        )
    return ok("clock", f"The clock says {moment:%Y-%m-%d %H:%M}Z.")


def hashing(passwords: Passwords) -> Iterator[Finding]:
    started = perf_counter()
    passwords.hash("how long does this take?")
    seconds = perf_counter() - started
    if seconds > SLOW:
        yield warn(
            "passwords", f"Hashing a password takes {seconds:.1f} s.", "Use a faster machine, or expect slow logins."
        )
    else:
        yield ok("passwords", f"Hashing a password takes {seconds * 1000:.0f} ms.")
