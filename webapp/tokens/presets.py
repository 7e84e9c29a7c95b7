"""Presets for common purposes of tokens: links that fill in the form for a new token."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from webapp.core.translation import _
from webapp.tokens.scopes import GENERAL, READ, Catalogue

HOUR, DAY = 3600, 86400
# A backup does not include administration unless the user adds it.
NOT_OWN = ("admin:read", GENERAL)
EXAMPLE = "/protected"


@dataclass(frozen=True, slots=True)
class Preset:
    """A preset: values for the form for a new token."""

    key: str
    title: str
    small: str
    expires_in: int
    scopes: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    per_minute: int | None = None
    name: str | None = None
    """Only for tokens of an hour; other tokens are named by their owner."""

    @property
    def fields(self) -> dict[str, Any]:
        """Values by form field; empty ones are left out."""
        found = {
            "name": self.name,
            "scopes": list(self.scopes),
            "resources": list(self.resources),
            "methods": list(self.methods),
            "per_minute": self.per_minute,
            "expires_in": str(self.expires_in),
        }
        return {name: value for name, value in found.items() if value}


def presets(catalogue: Catalogue, roles: Sequence[str], longest: timedelta, page: str | None = None) -> list[Preset]:
    """The presets that make sense for these roles, with an expiry within ``longest``.

    Args:
        page: URL rule of the page that "Read one page" reads; ``EXAMPLE`` if there is no such page for a token.
    """
    held_scopes = catalogue.held_by(roles)
    scope = scope_reading(catalogue, held_scopes, page)
    reads = tuple(name for name in held_scopes if catalogue.scopes[name].verb == READ and name not in NOT_OWN)
    renewing = tuple(name for name in ("resources:read", "self:rotate") if name in held_scopes)
    most = int(longest.total_seconds())
    month, quarter, year = (longest_of((days * DAY, 30 * DAY, 7 * DAY, HOUR), most) for days in (30, 90, 365))
    return [
        Preset(
            "curl", _("Try with curl"), _("read your profile, 1 hour"), HOUR, ("profile:read",), ("GET",), name="curl"
        ),
        Preset(
            "page",
            _("Read one page"),
            _("GET requests to one path"),
            month,
            (scope or "protected:read",),
            ("GET",),
            (page if page and scope else EXAMPLE,),
        ),
        Preset("ci", _("CI job"), _("a few calls a minute"), quarter, renewing, per_minute=60),
        Preset("backup", _("Backup"), _("read everything you can read"), year, reads, ("GET",)),
    ]


def scope_reading(catalogue: Catalogue, held_scopes: Sequence[str], page: str | None) -> str | None:
    """The first scope of ``held_scopes`` with which a token may read a page."""
    return next(
        (
            name
            for name in held_scopes
            for way in catalogue.routes_of([name])
            if (way.method, way.rule) == ("GET", page)
        ),
        None,
    )


def longest_of(lengths: Sequence[int], most: int) -> int:
    return next((length for length in lengths if length <= most), HOUR)
