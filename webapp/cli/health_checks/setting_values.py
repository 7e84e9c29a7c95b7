"""Checks of setting values that are valid but unusual or risky."""

import os
from collections.abc import Iterator
from datetime import timedelta

from webapp.cli.health_checks.finding import Finding, ok, warn
from webapp.settings import Settings, brand
from webapp.settings.fields import PREFIX
from webapp.settings.types import write_duration

# Beyond these, a stolen cookie, token or link works for an unusually long time.
LONG = {
    "session_idle": timedelta(days=1),
    "session_lifetime": timedelta(days=30),
    "remember_lifetime": timedelta(days=90),
    "token_lifetime_max": timedelta(days=366),
    "access_token_lifetime": timedelta(days=1),
    "refresh_overlap": timedelta(minutes=5),
    "setup_lifetime": timedelta(days=1),
}
# SP 800-63B-4 §3.2.2.
MAX_TRIES = 100


def findings(settings: Settings) -> Iterator[Finding]:
    yield from lifetimes(settings)
    yield from former_secret_keys(settings)
    yield from tokens(settings)
    yield from tries(settings)
    yield workers(settings)
    yield from branding(settings)


def lifetimes(settings: Settings) -> Iterator[Finding]:
    long = {name: recommended for name, recommended in LONG.items() if getattr(settings, name) > recommended}
    for name, recommended in long.items():
        problem = f"{PREFIX}{name.upper()} is {write_duration(getattr(settings, name))}, which is long."
        yield warn("lifetimes", problem, f"Choose {write_duration(recommended)} or less.")
    if not long:
        yield ok("lifetimes", "No lifetime is unusually long.")


def former_secret_keys(settings: Settings) -> Iterator[Finding]:
    if settings.secret_key_fallbacks:
        yield warn(
            "secrets",
            "Former secret keys are still accepted.",
            "Run: python -m webapp keys reseal. Empty WEBAPP_SECRET_KEY_FALLBACKS "
            f"{write_duration(settings.remember_lifetime)} after changing the key.",
        )


def tokens(settings: Settings) -> Iterator[Finding]:
    if "query" in settings.locations:
        yield warn(
            "tokens",
            "Tokens are accepted in URLs, which end up in logs and browser histories.",
            "Set WEBAPP_TOKEN_IN_QUERY=false, without query in WEBAPP_TOKEN_LOCATIONS, when no client needs it.",
        )
    if settings.signing_algorithm == "HS256":
        yield warn(
            "tokens",
            "HS256 signs and verifies with one secret, so other services cannot verify tokens without it.",
            "Set WEBAPP_SIGNING_ALGORITHM=ES256. Existing tokens have to be replaced.",
        )


def tries(settings: Settings) -> Iterator[Finding]:
    if settings.login_tries_per_account > MAX_TRIES:
        yield warn(
            "logins",
            f"{settings.login_tries_per_account} failed logins per account are allowed in a window.",
            f"Set WEBAPP_LOGIN_TRIES_PER_ACCOUNT to {MAX_TRIES} or less.",
        )


def branding(settings: Settings) -> Iterator[Finding]:
    """Report the contrast of the brand colours; whether they are valid was checked when the settings were read."""
    for value, scheme in ((settings.brand_accent, brand.LIGHT), (settings.brand_accent_dark, brand.DARK)):
        if value:
            ratio = brand.lowest_contrast(brand.colour_of(value), scheme)
            yield ok("brand", f"{value} has a contrast of {ratio:.1f} to 1 or more in the {scheme.name} colour scheme.")
    if bool(settings.brand_accent) != bool(settings.brand_accent_dark):
        missing_variable = "WEBAPP_BRAND_ACCENT" + ("_DARK" if settings.brand_accent else "")
        yield warn("brand", "Only one colour scheme has an accent colour of yours.", f"Set {missing_variable}.")


def workers(settings: Settings) -> Finding:
    cores = os.cpu_count() or 1
    if settings.workers > cores:
        return warn(
            "workers",
            f"{settings.workers} processes share {cores} cores and only use more memory.",
            f"Set WEBAPP_WORKERS={cores}.",
        )
    return ok("workers", f"{settings.workers} processes on {cores} cores.")
