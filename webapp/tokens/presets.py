"""Presets for common purposes of tokens: links that fill in the form for a new token."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from webapp.core.translation import _
from webapp.tokens.scopes import GENERAL, Catalogue

HOUR, DAY = 3600, 86400
# A backup does not include administration unless the user adds it.
NOT_OWN = ("admin:read", GENERAL)


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


def presets(catalogue: Catalogue, roles: Sequence[str], longest: timedelta) -> list[Preset]:
    """The presets that make sense for these roles, with an expiry within ``longest``."""
    held = catalogue.held_by(roles)
    reads = tuple(name for name in held if name.endswith(":read") and name not in NOT_OWN)
    renewing = tuple(name for name in ("resources:read", "self:rotate") if name in held)
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
            ("protected:read",),
            ("GET",),
            ("/protected",),
        ),
        Preset("ci", _("CI job"), _("a few calls a minute"), quarter, renewing, per_minute=60),
        Preset("backup", _("Backup"), _("read everything you can read"), year, reads, ("GET",)),
    ]


def longest_of(lengths: Sequence[int], most: int) -> int:
    return next((length for length in lengths if length <= most), HOUR)
