"""What is initialised on the application before any feature: logs, proxy, CSRF, headers, session cookie."""

from collections.abc import Callable, Sequence

from flask import Flask, current_app, request

from webapp.audit import log, signals, untrusted_proxies
from webapp.audit.log import Origin
from webapp.core.cookie_key import CookieKey
from webapp.core.db import Database
from webapp.core.key_table import KeyTable
from webapp.guard import preferences
from webapp.sessions import cookie
from webapp.settings import ROOT, Settings
from webapp.settings.urls import default_url
from webapp.web import (
    assets,
    base_path,
    canonical_url,
    cors,
    csrf,
    headers,
    i18n,
    logs,
    problems,
    proxy,
    request_head,
    request_observer,
    templating,
    transaction,
)
from webapp.web.brand import brand_of
from webapp.web.request_id import request_id
from webapp.web.request_observer import Observe
from webapp.web.templating import SiteInfo
from webapp.web.unproxied import unproxied


def init_extensions(
    app: Flask, settings: Settings, database: Database, table: KeyTable, observers: Sequence[Observe]
) -> None:
    """Initialise what every request passes through, whichever feature answers it.

    The order matters: functions that Flask runs after a request run in the opposite order, the transaction's first.
    """
    logs.init_app(app, as_json=settings.log_json, level=settings.log_level)
    request_observer.init_app(app, observers, with_ids=settings.access_log)
    log.origin_of[0] = origin
    signals.sender_of[0] = sender
    proxy.init_app(app, settings.trusted_proxies, untrusted_proxy_recorder(database))
    canonical_url.init_app(app, settings.base_url, may_be_proxied=settings.base_url != default_url(settings.bind))
    base_path.init_app(app, settings.base_path)
    brand = brand_of(settings)
    assets.init_app(app, ROOT / "static", brand.files)
    i18n.init_app(app, preferences.language)
    templating.init_app(app, SiteInfo(settings.site_name, settings.base_url), preferences.zone)
    app.jinja_env.globals["brand"] = brand
    problems.init_app(app)
    csrf.init_app(app)
    request_head.init_app(app)
    headers.init_app(app)
    cors.init_app(app, settings.cors_origins)
    transaction.init_app(app, database)
    cookie.init_app(app, CookieKey(settings, table))


def untrusted_proxy_recorder(database: Database) -> Callable[[str], None]:
    def record(peer: str) -> None:
        with database.write() as db:
            untrusted_proxies.record_proxy(db, peer)

    return record


def sender() -> Flask | None:
    """The sender of signals: the current application; None outside of one."""
    return unproxied(current_app) if current_app else None


def origin() -> Origin:
    """IP address, request id and user agent for audit events; empty outside a request."""
    return Origin(request.remote_addr, request_id(), request.headers.get("User-Agent")) if request else Origin()
