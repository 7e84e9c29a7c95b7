"""Logo, colours, footer links and own CSS of a site: read from the settings, and checked at the start."""

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from webapp.settings.fields import SettingsError

LOGO_TYPES = (".svg", ".png")
MAX_FILE = 200_000
MAX_LINKS, MAX_LABEL = 6, 40
# WCAG 2.2, 1.4.3 (AA), for text.
MIN_CONTRAST = 4.5

Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class ColourScheme:
    """The colours of ``variables.css`` that an accent colour is seen on or mixed with, in one colour scheme."""

    name: str
    paper: Colour
    surface: Colour
    sunken: Colour
    ink: Colour
    on_accent: Colour


LIGHT = ColourScheme("light", (248, 246, 240), (254, 253, 250), (239, 237, 229), (20, 32, 38), (252, 250, 245))
DARK = ColourScheme("dark", (15, 22, 25), (23, 31, 35), (9, 15, 18), (235, 233, 228), (4, 23, 30))


@dataclass(frozen=True, slots=True)
class FooterLink:
    """A link in the footer."""

    label: str
    href: str


def colour_of(text: str) -> Colour:
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def hex_of(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)


def mixed(one: Colour, other: Colour, part: float) -> Colour:
    """``one`` with ``part`` of ``other`` in it."""
    red, green, blue = (round(a + (b - a) * part) for a, b in zip(one, other, strict=True))
    return red, green, blue


def luminance(colour: Colour) -> float:
    """Relative luminance (WCAG 2.2), from 0 to 1."""
    red, green, blue = (
        share / 12.92 if (share := value / 255) <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for value in colour
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Colour, other: Colour) -> float:
    """Contrast ratio (WCAG 2.2), from 1 to 21."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def soft(accent: Colour, scheme: ColourScheme) -> Colour:
    """The background of selected items."""
    return mixed(accent, scheme.paper, 0.88)


def lowest_contrast(accent: Colour, scheme: ColourScheme) -> float:
    """The lowest contrast that text in this accent colour, and text on it, has on any page."""
    beside = scheme.paper, scheme.surface, scheme.sunken, scheme.on_accent, soft(accent, scheme)
    return min(contrast(accent, other) for other in beside)


def check_accent(value: str, scheme: ColourScheme, *, variable: str) -> None:
    """Check the accent colour of a colour scheme: form and contrast (WCAG 2.2 §1.4.3).

    Raises:
        SettingsError: it is no colour, or its text could not be read.
    """
    if not value:
        return
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", value):
        raise SettingsError(f"{variable} must be a colour such as #7a1f5c, not {value!r}.")
    ratio = lowest_contrast(colour_of(value), scheme)
    if ratio < MIN_CONTRAST:
        direction = "darker" if scheme is LIGHT else "lighter"
        raise SettingsError(
            f"{variable} {value} has a contrast of {int(ratio * 10) / 10} to 1 in the {scheme.name} colour scheme; "
            f"text needs {MIN_CONTRAST} to 1. Choose a {direction} colour."
        )


def links_of(value: str) -> tuple[FooterLink, ...]:
    """Footer links from ``Label=URL; Label=URL``.

    Raises:
        SettingsError: one is no link to a page, such as ``javascript:``, or there are too many.
    """
    links = tuple(link_of(part.strip()) for part in value.split(";") if part.strip())
    if len(links) > MAX_LINKS:
        raise SettingsError(f"WEBAPP_BRAND_LINKS must have at most {MAX_LINKS} links.")
    return links


def link_of(text: str) -> FooterLink:
    label, _equals, href = (part.strip() for part in text.partition("="))
    if not label or len(label) > MAX_LABEL or not label.isprintable() or not is_page(href):
        raise SettingsError(
            "WEBAPP_BRAND_LINKS must be links such as Imprint=https://example.org/imprint; Help=/help, with labels of "
            f"at most {MAX_LABEL} characters, not {text!r}."
        )
    return FooterLink(label, href)


def is_page(href: str) -> bool:
    """Whether it is a path of this site, or an https://, http:// or mailto: URL."""
    if not re.fullmatch(r"[\x21-\x7e]+", href) or "\\" in href:
        return False
    try:
        parts = urlsplit(href)
    except ValueError:
        return False
    if parts.scheme in ("http", "https"):
        return bool(parts.hostname)
    if parts.scheme == "mailto":
        return "@" in parts.path
    return not parts.scheme and href.startswith("/") and not href.startswith("//")


def check_file(value: str, suffixes: tuple[str, ...], *, variable: str) -> None:
    """Check the file of a logo or stylesheet: type, readability and size.

    Raises:
        SettingsError: there is no such file, or it is of another type or too large.
    """
    if not value:
        return
    file = Path(value)
    if file.suffix.lower() not in suffixes:
        raise SettingsError(f"{variable} must name a file that ends in {' or '.join(suffixes)}, not {value!r}.")
    try:
        size = len(file.read_bytes())
    except OSError as error:
        raise SettingsError(f"{variable} names {value!r}, which cannot be read: {error.strerror}.") from error
    if size > MAX_FILE:
        raise SettingsError(f"{variable} names {value!r}, which has {size} bytes; at most {MAX_FILE} are served.")
