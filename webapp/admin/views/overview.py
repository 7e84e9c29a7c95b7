"""/admin and /admin/settings: key figures, what needs attention, and the settings."""

import msgspec
from flask import Blueprint, current_app, url_for
from flask.typing import ResponseReturnValue

from webapp.admin.overview import Overview, overview
from webapp.admin.views.permissions import admin_read
from webapp.audit.log import Event
from webapp.core.translation import _l
from webapp.guard.resources import resource
from webapp.guard.routes import routes
from webapp.jobs.leases import Jobs
from webapp.settings import Settings, SettingsError
from webapp.settings.manual import ManualRow
from webapp.web.api_schema import responds
from webapp.web.negotiation import show
from webapp.web.registry import service
from webapp.web.transaction import db

bp = Blueprint("admin", __name__)
resource(
    "admin",
    _l("Administration"),
    reads=_l("View all accounts, roles, invitations, mails and the audit log."),
    writes=_l("Disable and delete users, assign roles without admin permissions, revoke invitations, resend mails."),
)


class Setting(msgspec.Struct, frozen=True):
    """A setting; secret values are masked."""

    variable: str
    value: str
    source: str
    meaning: str
    type: str
    default: str


class SettingList(msgspec.Struct, frozen=True):
    settings: list[Setting]


@bp.get("/admin", endpoint="show")
@admin_read()
@responds(Overview)
def index() -> ResponseReturnValue:
    """Show key figures and what needs attention."""
    undeclared = [route.path for route in routes(current_app) if route.requirement is None]
    hrefs = {
        "people": url_for("admin_users.index"),
        "unowned": url_for("admin_users.service_accounts", view="unowned"),
        "mail": url_for("admin_mail.index"),
        "logouts": url_for("admin_clients.logouts", state="failed"),
        "settings": url_for("admin.settings"),
        "refused": url_for("admin_audit.index", event=Event.ACCESS_REFUSED.value),
    }
    settings = service(Settings)
    jobs = service(Jobs)
    found = overview(
        db(),
        undeclared,
        jobs,
        sends_mail=bool(settings.smtp_url),
        hrefs=hrefs,
        trusted_proxies=settings.trusted_proxies,
    )
    return show(found, "admin/overview.html", overview=found)


@bp.get("/admin/settings")
@admin_read("super_admin")
@responds(SettingList)
def settings() -> ResponseReturnValue:
    """List all settings with value, source and description."""
    found = SettingList([Setting(r.variable, r.value, r.source, r.meaning, r.type, r.default) for r in rows()])
    return show(found, "admin/settings.html", settings=found.settings)


def rows() -> list[ManualRow]:
    chosen = service(Settings)
    try:
        return chosen.describe()
    except SettingsError:
        # The environment was changed since the start and is invalid now; the values in use are still known.
        return chosen.describe({})
