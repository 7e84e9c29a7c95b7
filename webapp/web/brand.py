"""Brand: what a site shows of its own look, and the files that it serves for that."""

from dataclasses import dataclass
from pathlib import Path

from webapp.settings import Settings
from webapp.settings.brand import (
    DARK,
    LIGHT,
    Colour,
    ColourScheme,
    FooterLink,
    colour_of,
    hex_of,
    links_of,
    mixed,
    soft,
)

STYLESHEET = "brand/brand.css"
# As ``--color-accent`` and those made of it in variables.css.
DEFAULTS = {
    "--color-accent": ("#00566f", "#79d3e0"),
    "--color-accent-deep": ("#00404f", "#9ae3ec"),
    "--color-accent-soft": ("#daecf0", "#17303a"),
}
BLACK = (0, 0, 0)


@dataclass(frozen=True, slots=True)
class Brand:
    """The template global ``brand``."""

    logo: str | None
    """Name of the logo among the static files; None for the logo of Latchkey."""
    stylesheet: str | None
    """Name of the stylesheet with colours and CSS of the site's own; None if it has none."""
    links: tuple[FooterLink, ...]
    files: dict[str, bytes]
    """Contents of these files by name."""


def brand_of(settings: Settings) -> Brand:
    """Read the files once: a change counts from the next start on."""
    files: dict[str, bytes] = {}
    logo = stylesheet = None
    if settings.brand_logo:
        logo = f"brand/logo{Path(settings.brand_logo).suffix.lower()}"
        files[logo] = Path(settings.brand_logo).read_bytes()
    css = colours(settings.brand_accent, settings.brand_accent_dark).encode()
    if settings.brand_css:
        css += Path(settings.brand_css).read_bytes()
    if css:
        stylesheet, files[STYLESHEET] = STYLESHEET, css
    return Brand(logo, stylesheet, links_of(settings.brand_links), files)


def colours(light: str, dark: str) -> str:
    """CSS that replaces the accent colours, and with the light one the panel beside the login form."""
    if not light and not dark:
        return ""
    names = list(DEFAULTS)
    columns = [
        accent_colours(colour_of(colour), scheme) if colour else [DEFAULTS[name][place] for name in names]
        for place, (colour, scheme) in enumerate(((light, LIGHT), (dark, DARK)))
    ]
    lines = [f"{name}: light-dark({', '.join(pair)});" for name, *pair in zip(names, *columns, strict=True)]
    if light:
        accent = colour_of(light)
        lines.append(f"--color-lintel: {hex_of(mixed(accent, BLACK, 0.5))};")
        lines.append(f"--color-lintel-key: {hex_of(mixed(accent, BLACK, 0.3))};")
    return "@layer tokens { :root { " + " ".join(lines) + " } }\n"


def accent_colours(accent: Colour, scheme: ColourScheme) -> list[str]:
    """The accent colour, its hover colour, and the background of selected items."""
    return [hex_of(accent), hex_of(mixed(accent, scheme.ink, 0.25)), hex_of(soft(accent, scheme))]
