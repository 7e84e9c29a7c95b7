"""The few filters and globals that templates have."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from urllib.parse import urlsplit

from flask import Flask

from webapp.core.clock import NEVER, now
from webapp.web.request_id import request_id

UNITS = (("year", 365 * 86400), ("month", 30 * 86400), ("day", 86400), ("hour", 3600), ("minute", 60))


@dataclass(frozen=True, slots=True)
class SiteInfo:
    name: str
    base_url: str

    @property
    def host(self) -> str:
        return urlsplit(self.base_url).netloc


def iso(instant: datetime) -> str:
    return instant.isoformat(timespec="seconds").replace("+00:00", "Z")


def exact(instant: datetime) -> str:
    return f"{instant:%A} {instant.day} {instant:%B %Y, %H:%M %Z}"


def day(instant: datetime) -> str:
    return f"{instant.day} {instant:%B %Y}"


def clock(instant: datetime) -> str:
    return f"{instant:%H:%M %Z}"


def relative(instant: datetime) -> str:
    """How far away, in the largest unit that fits: "in 2 days", "4 minutes ago", "just now"."""
    distance = instant - now()
    words = span(abs(distance))
    if not words:
        return "just now" if distance <= timedelta() else "in a moment"
    return f"in {words}" if distance > timedelta() else f"{words} ago"


def span(length: timedelta) -> str:
    """A length of time in its largest unit, rounded; empty below a minute."""
    seconds = length.total_seconds()
    for unit, size in UNITS:
        # A week that began a moment ago still has seven days.
        if (count := round(seconds / size)) >= 1 and seconds >= size * 0.95:
            return f"{count} {unit}" + ("s" if count > 1 else "")
    return ""


def init_app(app: Flask, house: SiteInfo, zone: Callable[[], tzinfo] = lambda: UTC) -> None:
    """
    Args:
        zone: the reader's.
    """
    app.jinja_env.filters |= {"iso": iso, "relative": relative, "span": span}
    for form in (exact, day, clock):
        app.jinja_env.filters[form.__name__] = lambda instant, form=form: form(instant.astimezone(zone()))
    app.jinja_env.tests["endless"] = lambda instant: instant >= NEVER
    app.jinja_env.globals |= {"house": house, "now": now, "request_id": request_id}
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
