"""create_app(settings): puts the parts together, decides nothing."""

from pathlib import Path

from flask import Flask

from webapp.accounts.passwords import TooBusy
from webapp.accounts.provisioning import NoAccountPossible
from webapp.app.authentication import init_authentication
from webapp.app.blueprints import register_blueprints
from webapp.app.extensions import configure, furnish
from webapp.app.jobs import register_jobs
from webapp.app.services import provide_login, provide_mail, provide_second_factors, provide_token_grants
from webapp.core.db import Database, existing
from webapp.core.keys import ring_for
from webapp.credentials.usage_tracker import UsageTracker
from webapp.guard.assurance import Demands
from webapp.guard.resources import DECLARED
from webapp.guard.routes import guarded
from webapp.login.external_identity import Unreachable
from webapp.login.views.login_errors import no_place, too_busy, unreachable
from webapp.settings import Settings, SettingsError
from webapp.tokens.issuing import TooManyTokens
from webapp.tokens.scopes import Catalogue
from webapp.tokens.views import too_many
from webapp.web.application import Application
from webapp.web.registry import services_of

ROOT = Path(__file__).resolve().parents[2]


def create_app(settings: Settings | None = None) -> Flask:
    """Build the application; without ``settings``, from the environment."""
    settings = settings or Settings.from_env()
    app = Application(
        "webapp",
        template_folder=str(ROOT / "templates"),
        static_folder=None,
        instance_path=str(settings.instance),
    )
    services = services_of(app)
    services.provide(Settings)(settings)
    configure(app, settings)
    database, ring = Database(existing(settings.database)), ring_for(settings)
    furnish(app, settings, database)
    provide_mail(app, settings, database)
    init_authentication(app, settings, database, ring)
    provide_login(app, settings, database)
    provide_token_grants(app, settings, database)
    provide_second_factors(app, settings)
    register_jobs(app, settings, database)
    register_blueprints(app)
    app.register_error_handler(TooBusy, too_busy)
    app.register_error_handler(Unreachable, unreachable)
    app.register_error_handler(NoAccountPossible, no_place)
    app.register_error_handler(TooManyTokens, too_many)
    catalogue = Catalogue(guarded(app), DECLARED)
    services.provide(Catalogue)(catalogue)
    refuse_unknown_scopes(services.get(Demands), catalogue)
    return app


def refuse_unknown_scopes(demands: Demands, catalogue: Catalogue) -> None:
    """
    Raises:
        SettingsError: a demand that is misspelt would be none.
    """
    if unknown := sorted(demands.scopes.keys() - catalogue.scopes.keys()):
        raise SettingsError(
            f"WEBAPP_SECOND_FACTOR_FOR or WEBAPP_PASSKEY_FOR name a scope that no route has: {unknown[0]}."
        )


def close(app: Flask) -> None:
    """Write what waits and let the database go, as the end of the process would."""
    services = services_of(app)
    services.get(UsageTracker).close()
    services.get(Database).close()
