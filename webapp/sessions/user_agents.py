"""A browser and its system in words, for people to know their own devices by; nothing is decided by it."""

import re

# The first that fits; those who call themselves by other names as well come before whom they name.
BROWSERS = (
    ("Edge", r"Edg(?:e|A|iOS)?/"),
    ("Opera", r"OPR/"),
    ("Samsung Internet", r"SamsungBrowser/"),
    ("Firefox", r"Firefox/|FxiOS/"),
    ("Chromium", r"Chromium/"),
    ("Chrome", r"Chrome/|CriOS/"),
    ("Safari", r"Version/[\d.]+.*Safari/"),
    ("curl", r"^curl/"),
    ("Python", r"^python-|^Python"),
)
SYSTEMS = (
    ("iPhone", r"iPhone"),
    ("iPad", r"iPad"),
    ("Android", r"Android"),
    ("ChromeOS", r"CrOS"),
    ("Windows", r"Windows"),
    ("macOS", r"Mac OS X|Macintosh"),
    ("Linux", r"Linux|X11"),
)


def in_words(user_agent: str) -> str:
    """Such as "Firefox on Linux"; "A browser" where nothing is recognised."""
    browser = first_of(BROWSERS, user_agent) or "A browser"
    system = first_of(SYSTEMS, user_agent)
    return f"{browser} on {system}" if system else browser


def first_of(patterns: tuple[tuple[str, str], ...], user_agent: str) -> str | None:
    return next((name for name, pattern in patterns if re.search(pattern, user_agent)), None)
