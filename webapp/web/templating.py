"""Jinja filters and globals: formats dates, durations and numbers in the language of the request."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from math import inf
from typing import Literal
from urllib.parse import urlsplit

from babel.dates import format_date, format_datetime, format_timedelta
from babel.numbers import format_decimal
from flask import Flask
from jinja2 import ChoiceLoader, FileSystemLoader, PrefixLoader

from webapp.core.client_product import client_name
from webapp.core.clock import NEVER, now
from webapp.core.translation import _, current_locale, listed
from webapp.settings.urls import is_exposed, origin_of
from webapp.web.request_id import request_id

UNITS: tuple[tuple[Literal["year", "month", "day", "hour", "minute"], int], ...] = (
    ("year", 365 * 86400),
    ("month", 30 * 86400),
    ("day", 86400),
    ("hour", 3600),
    ("minute", 60),
)


@dataclass(frozen=True, slots=True)
class SiteInfo:
    """The template global ``site``."""

    name: str
    base_url: str

    @property
    def is_exposed(self) -> bool:
        """Whether what people send to it can be read on the network."""
        return is_exposed(self.base_url)

    @property
    def origin(self) -> str:
        """Scheme and host, to be put before what ``url_for`` returns."""
        return origin_of(self.base_url)

    @property
    def host(self) -> str:
        return urlsplit(self.base_url).netloc


def iso(instant: datetime) -> str:
    """ISO 8601 for ``<time datetime>``, such as "2026-04-09T14:32:00Z"."""
    return instant.isoformat(timespec="seconds").replace("+00:00", "Z")


def exact(instant: datetime) -> str:
    """Such as "Thursday 9 April 2026, 14:32 UTC"."""
    # Translators: a weekday, date and time pattern, in the letters of Unicode TR35.
    pattern = _("EEEE d MMMM y, HH:mm")
    return f"{format_datetime(instant, pattern, locale=current_locale())} {zone_label(instant)}"


def zone_label(instant: datetime) -> str:
    """The name of its time zone, such as "CEST", or "UTC-03" where the tz database has none but the offset."""
    name = f"{instant:%Z}"
    return f"UTC{name}" if name.startswith(("+", "-")) else name


def weekday(date: date) -> str:
    """Such as "Thursday 9 April"."""
    # Translators: a weekday and date pattern, in the letters of Unicode TR35.
    return format_date(date, _("EEEE d MMMM"), locale=current_locale())


def monthday(date: date) -> str:
    """Such as "9 April"."""
    # Translators: a date pattern, in the letters of Unicode TR35.
    return format_date(date, _("d MMMM"), locale=current_locale())


def day(instant: datetime) -> str:
    """Such as "9 April 2026"."""
    # Translators: a date pattern, in the letters of Unicode TR35.
    return format_date(instant, _("d MMMM y"), locale=current_locale())


def clock(instant: datetime) -> str:
    """Such as "14:32 UTC"."""
    return f"{instant:%H:%M} {zone_label(instant)}"


def number(value: float) -> str:
    """Such as "12,345.6"."""
    return format_decimal(value, locale=current_locale())


def relative(instant: datetime) -> str:
    """The distance from now in its largest unit: "in 2 days", "4 minutes ago", "just now"."""
    distance = instant - now()
    if words := span(distance, with_direction=True):
        return words
    return _("just now") if distance <= timedelta() else _("in a moment")


def span(length: timedelta, *, with_direction: bool = False) -> str:
    """A duration in its largest unit, rounded; empty below a minute.

    Args:
        with_direction: "in 2 days" or "2 days ago" instead of "2 days".
    """
    seconds = abs(length.total_seconds())
    for unit, size in UNITS:
        # 95% of a unit count as one, so that a token made for 7 days a moment ago has "7 days" left.
        if (count := round(seconds / size)) >= 1 and seconds >= size * 0.95:
            rounded = timedelta(seconds=count * size * (1 if length > timedelta() else -1))
            # With any other threshold Babel may choose another unit, such as weeks.
            return format_timedelta(
                rounded, granularity=unit, threshold=inf, add_direction=with_direction, locale=current_locale()
            )
    return ""


def client_label(product: str | None) -> str:
    """The stored name of a client for people: "a script" in their language if it has none."""
    return client_name(product) if product else ""


def replace_templates(app: Flask, folder: str) -> None:
    """Search a folder before the templates of the site.

    A template there can extend the one that it replaces by the prefix ``latchkey/``, such as
    ``{% extends "latchkey/login/login.html" %}``.
    """
    loader = FileSystemLoader(app.root_path if app.template_folder is None else app.template_folder)
    app.jinja_loader = ChoiceLoader([FileSystemLoader(folder), loader, PrefixLoader({"latchkey": loader})])


def init_app(app: Flask, site: SiteInfo, zone: Callable[[], tzinfo] = lambda: UTC) -> None:
    """Register filters, tests and globals.

    Args:
        zone: returns the time zone of the current user, for ``exact``, ``day`` and ``clock``.
    """
    app.jinja_env.filters |= {
        form.__name__: form for form in (iso, relative, span, number, weekday, monthday, client_label)
    }
    for form in (exact, day, clock):
        app.jinja_env.filters[form.__name__] = lambda instant, form=form: form(instant.astimezone(zone()))
    app.jinja_env.tests["endless"] = lambda instant: instant >= NEVER
    app.jinja_env.globals |= {"site": site, "now": now, "request_id": request_id, "listed": listed}
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
