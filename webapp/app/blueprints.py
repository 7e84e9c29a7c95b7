"""The blueprints of all packages: a new one is added here."""

from flask import Flask

from webapp.accounts.views import (
    account,
    not_me,
    not_my_token,
    password_strength,
    recovery,
    registration,
    setup,
    verification,
)
from webapp.admin.views import (
    audit,
    clients,
    endpoints,
    identity_providers,
    invitations,
    mail,
    overview,
    proxied_apps,
    roles,
    users,
)
from webapp.dashboard import views as dashboard
from webapp.examples import views as examples
from webapp.federation import views as federation
from webapp.forward_auth import views as forward_auth
from webapp.login.views import api, pages
from webapp.login.views.api import cookie_logout
from webapp.metrics import views as metrics
from webapp.mfa.views import pages as factors
from webapp.oauth import views as oauth
from webapp.sessions import views as sessions
from webapp.settings import Settings
from webapp.site import views as site
from webapp.tokens import views as tokens

LOGIN = setup, pages, registration, verification, recovery, password_strength, api
ACCOUNT = dashboard, account, sessions, tokens, factors, not_me, not_my_token
APPS = oauth, federation, forward_auth
ADMIN = overview, users, roles, clients, identity_providers, proxied_apps, endpoints, audit, invitations, mail
VIEWS = (site, *LOGIN, *ACCOUNT, *APPS, *ADMIN, examples)
WITH_TOKEN_COOKIE = (cookie_logout,)
"""Registered only where WEBAPP_TOKEN_LOCATIONS has ``cookie``."""


WITH_METRICS = (metrics,)
"""Registered only with WEBAPP_METRICS."""


def register_blueprints(app: Flask, settings: Settings) -> None:
    """Register the blueprints of this site; OWN_BLUEPRINTS in the configuration has their names."""
    for views in VIEWS:
        app.register_blueprint(views.bp)
    if "cookie" in app.config["TOKEN_LOCATIONS"]:
        for views in WITH_TOKEN_COOKIE:
            app.register_blueprint(views.bp)
    if settings.metrics:
        for views in WITH_METRICS:
            app.register_blueprint(views.bp)
    app.config["OWN_BLUEPRINTS"] = frozenset(app.blueprints)
