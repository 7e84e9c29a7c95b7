"""Flask configuration, built from the settings."""

from typing import Any

from webapp.settings import Settings
from webapp.settings.urls import origin_of


def flask_config(settings: Settings) -> dict[str, Any]:
    """``app.config``: what Flask itself reads, and what views, forms and templates read of the settings.

    Returns:
        New values by name; times are ``timedelta``, sizes are bytes.
    """
    is_https = settings.cookie_secure
    # Browsers accept the prefix __Host- only with the path /.
    prefix = ("__Secure-" if settings.base_path else "__Host-") if is_https else ""
    return {
        "SECRET_KEY": settings.secret_key,
        "SECRET_KEY_FALLBACKS": list(settings.secret_key_fallbacks),
        "SESSION_COOKIE_NAME": f"{prefix}session",
        "SESSION_COOKIE_PATH": settings.base_path or "/",
        "COOKIE_PREFIX": prefix,
        "SESSION_COOKIE_SECURE": is_https,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_REFRESH_EACH_REQUEST": False,
        "PERMANENT_SESSION_LIFETIME": settings.remember_lifetime,
        "MAX_CONTENT_LENGTH": settings.body_limit,
        "MAX_FORM_MEMORY_SIZE": settings.body_limit,
        "MAX_FORM_PARTS": 100,
        "BASE_URL": settings.base_url,
        "BASE_PATH": settings.base_path,
        "ORIGIN": origin_of(settings.base_url),
        "FORMER_BASE_URLS": settings.former_base_urls,
        "HSTS": settings.hsts,
        "SITE_NAME": settings.site_name,
        "DPOP_WINDOW": settings.dpop_window,
        "TOKEN_LOCATIONS": settings.locations,
        "TOKEN_LIFETIME_MAX": settings.token_lifetime_max,
        "TOKEN_NEVER_EXPIRES": settings.token_never_expires,
        "REFRESH_OVERLAP": settings.refresh_overlap,
        "ACCESS_TOKEN_LIFETIME": settings.access_token_lifetime,
        "REGISTRATION": settings.registration,
        "CAN_MAIL": bool(settings.smtp_url),
        "HAS_IDENTITY_PROVIDER": settings.has_identity_provider,
        "FACTOR_RESET_WAIT": settings.factor_reset_wait,
        "TRUST_BROWSERS": settings.trust_browsers,
        "TRUST_LIFETIME": settings.trust_lifetime,
    }
