"""create_app(settings): the order in which the application is built."""

from collections.abc import Sequence
from contextlib import suppress
from functools import partial

from flask import Blueprint, Flask
from sqlalchemy.exc import DBAPIError

from webapp.app.authentication import init_authentication
from webapp.app.blueprints import register_blueprints
from webapp.app.config import flask_config
from webapp.app.error_handlers import register_error_handlers
from webapp.app.extensions import init_extensions
from webapp.app.jobs import register_jobs
from webapp.app.observability import observers_of, provide_metrics, provide_readiness, recorder_for
from webapp.app.plugins import load_blueprints, register_plugins
from webapp.app.services import (
    provide_login,
    provide_mail,
    provide_scopes,
    provide_second_factors,
    provide_token_grants,
)
from webapp.app.single_sign_on import provide_authorization_server, provide_federation, provide_forward_auth
from webapp.core import secret_key_marks
from webapp.core.db import Database, Unavailable, existing
from webapp.core.id_token_keys import IdTokenKeys
from webapp.core.key_table import KeyTable
from webapp.core.ratelimit import Limiter
from webapp.credentials.usage_tracker import UsageTracker
from webapp.forward_auth.check_counter import CheckCounter
from webapp.settings import ROOT, Settings, SettingsError
from webapp.web import base_path, kept_templates, request_observer, templating
from webapp.web.application import Application
from webapp.web.registry import services_of


def create_app(settings: Settings | None = None, *, blueprints: Sequence[Blueprint] = ()) -> Flask:
    """Build the application on a database that is migrated already.

    Args:
        settings: read from the environment and ``config.toml`` if absent.
        blueprints: of your own, beside those of WEBAPP_BLUEPRINTS.

    Raises:
        SettingsError: a setting is misspelt or does not fit, the database belongs to another secret key, or a
            blueprint of your own cannot be registered.
        TypeError: a route has neither ``@require`` nor ``@public``, or a service is provided twice.
    """
    if settings is None:
        settings = Settings.from_env()
        refuse_other_secret_key(settings)
    app = Application(
        "webapp", template_folder=str(ROOT / "templates"), static_folder=None, instance_path=str(settings.instance)
    )
    if settings.templates:
        templating.replace_templates(app, settings.templates)
    app.config |= flask_config(settings)
    services_of(app).provide(Settings)(settings)
    database = Database(existing(settings.database))
    table = KeyTable(database, settings)
    recorder = recorder_for(settings, database)
    init_extensions(app, settings, database, table, list(observers_of(app, settings, recorder)))
    provide_mail(app, settings, database)
    init_authentication(app, settings, database, IdTokenKeys.of(settings, table))
    provide_login(app, settings, database)
    provide_token_grants(app, settings, database)
    provide_second_factors(app, settings)
    provide_readiness(app, settings, database)
    provide_metrics(app, database, recorder)
    register_jobs(app, settings, database)
    register_blueprints(app, settings)
    register_plugins(app, [*load_blueprints(settings.blueprints), *blueprints])
    kept_templates.init_app(app)
    check_base_path(app, settings)
    register_error_handlers(app)
    provide_scopes(app)
    provide_authorization_server(app, settings)
    provide_federation(app, settings)
    provide_forward_auth(app, settings)
    app.on_late_route = partial(provide_scopes, app)
    request_observer.wrap(app)
    return app


def refuse_other_secret_key(settings: Settings) -> None:
    """Refuse a database of another secret key, for servers that are started without ``serve``.

    Raises:
        OtherSecretKey
    """
    database = Database(existing(settings.database))
    try:
        with suppress(Unavailable, DBAPIError), database.read() as db:  # not migrated yet, as for ``flask routes``
            secret_key_marks.check(secret_key_marks.stored_marks(db), settings)
    finally:
        database.close()


def check_base_path(app: Flask, settings: Settings) -> None:
    try:
        base_path.check(app, settings.base_path)
    except base_path.AmbiguousBasePath as error:
        raise SettingsError(
            f"WEBAPP_BASE_URL must have another path than {settings.base_path}: {error} would be two pages."
        ) from error


def close(app: Flask) -> None:
    """Write the counted uses of credentials and close database and Valkey, as the end of the process does."""
    services = services_of(app)
    services.get(UsageTracker).close()
    services.get(CheckCounter).close()
    services.get(Limiter).close()
    services.get(Database).close()
