"""What the web has for itself, and what Flask reads of the settings."""

from pathlib import Path

from flask import Flask, request

from webapp.audit import log
from webapp.audit.log import Origin
from webapp.core.cookie_key import CookieKey
from webapp.core.db import Database
from webapp.guard import preferences
from webapp.sessions import cookie
from webapp.settings import Settings
from webapp.web import assets, csrf, headers, logs, problems, proxy, request_head, templating, transaction
from webapp.web.request_id import request_id
from webapp.web.templating import SiteInfo

ROOT = Path(__file__).resolve().parents[2]


def configure(app: Flask, settings: Settings) -> None:
    is_https = settings.cookie_secure
    app.config |= {
        "SECRET_KEY": settings.secret_key,
        "SECRET_KEY_FALLBACKS": list(settings.secret_key_fallbacks),
        "SESSION_COOKIE_NAME": "__Host-session" if is_https else "session",
        "SESSION_COOKIE_SECURE": is_https,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_REFRESH_EACH_REQUEST": False,
        "PERMANENT_SESSION_LIFETIME": settings.remember_lifetime,
        "MAX_CONTENT_LENGTH": settings.body_limit,
        "MAX_FORM_MEMORY_SIZE": settings.body_limit,
        "MAX_FORM_PARTS": 100,
        "BASE_URL": settings.base_url,
        "SITE_NAME": settings.site_name,
        "DPOP_WINDOW": settings.dpop_window,
        "TOKEN_LOCATIONS": settings.locations,
        "TOKEN_LIFETIME_MAX": settings.token_lifetime_max,
        "TOKEN_NEVER_EXPIRES": settings.token_never_expires,
        "API_TOKEN_LIFETIME": settings.api_token_lifetime,
        "REGISTRATION": settings.registration,
        "CAN_MAIL": bool(settings.smtp_url),
        "IDENTITY_PROVIDER": settings.identity_provider,
        "FACTOR_RESET_WAIT": settings.factor_reset_wait,
        "TRUST_BROWSERS": settings.trust_browsers,
        "TRUST_LIFETIME": settings.trust_lifetime,
    }


def furnish(app: Flask, settings: Settings, database: Database) -> None:
    """The web's own furniture. What answers is finished in the opposite order: the transaction first."""
    logs.init_app(app, as_json=settings.log_json, level=settings.log_level)
    log.origin_of[0] = origin
    proxy.init_app(app, settings.trusted_proxies)
    assets.init_app(app, ROOT / "static")
    templating.init_app(app, SiteInfo(settings.site_name, settings.base_url), preferences.zone)
    problems.init_app(app)
    csrf.init_app(app)
    request_head.init_app(app)
    headers.init_app(app)
    transaction.init_app(app, database)
    cookie.init_app(app, CookieKey(settings))


def origin() -> Origin:
    """Where what happens now comes from; empty outside a request."""
    return Origin(request.remote_addr, request_id(), request.headers.get("User-Agent")) if request else Origin()
