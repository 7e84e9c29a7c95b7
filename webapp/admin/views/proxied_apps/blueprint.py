"""The blueprint of the pages of proxied apps, and what they share."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID

from flask import Blueprint, current_app

from webapp.core.translation import _
from webapp.forward_auth import app_queries, lifecycle, replay
from webapp.forward_auth.app_settings import host_of_site
from webapp.forward_auth.checks import ForwardAuth
from webapp.forward_auth.lifecycle import AppEditor, AppIsDeclared
from webapp.forward_auth.models import AccessRule, ProxiedApp
from webapp.forward_auth.replay import ChangeEffects
from webapp.guard import Principal
from webapp.web.problems import Problem
from webapp.web.registry import service
from webapp.web.transaction import db

bp = Blueprint("admin_proxied_apps", __name__)


def app_of(app_id: UUID) -> ProxiedApp:
    """The proxied app with the id of the URL.

    Raises:
        Problem: 404
    """
    row = app_queries.by_id(db(), app_id)
    if row is None:
        raise Problem(404, _("App not found"), _("It does not exist or was removed."))
    return row


def app_to_change(app_id: UUID) -> ProxiedApp:
    """The app, locked until the request ends.

    Raises:
        Problem: 404
    """
    row = app_of(app_id)
    lifecycle.lock(db(), row)
    return row


def rule_of(row: ProxiedApp, rule_id: UUID) -> AccessRule:
    """The access rule of an app with the id of the URL.

    Raises:
        Problem: 404
    """
    found = app_queries.rule_called(db(), row.id, rule_id)
    if found is None:
        raise Problem(
            404,
            _("Rule not found"),
            _(
                "Someone else has changed or removed this rule in the meantime, so your change was not saved. "
                "Open the page of the app again and retry."
            ),
        )
    return found


def editor_of(principal: Principal) -> AppEditor:
    return AppEditor("page", principal.user_id)


def own_host() -> str:
    return host_of_site(current_app.config["BASE_URL"])


@contextmanager
def refuse_declared() -> Iterator[None]:
    try:
        yield
    except AppIsDeclared as error:
        raise Problem(
            409,
            _("%(app)s is declared in a file", app=error),
            _("Change it in apps.toml in the instance folder, and restart this site. Nothing was changed."),
        ) from error


def change_settings(row: ProxiedApp, principal: Principal, *, is_preview: bool = False, **chosen: Any) -> ChangeEffects:
    """Change an app, or only say what the change would do.

    Args:
        chosen: fields of ``AppSettings``; the others stay as they are.

    Raises:
        InvalidAppSettings
        Problem: 409, a file declares it.
    """
    # Within a savepoint, because the row is changed before everything is checked.
    with db().begin_nested(), refuse_declared():
        editor, former = editor_of(principal), lifecycle.settings_of(db(), row)
        lifecycle.refuse_declared(row, editor)
        desired = lifecycle.storable(db(), row, replace(former, **chosen), own_host=own_host())
        effects = replay.effects_of(db(), service(ForwardAuth).decisions, row, former, desired)
        if not is_preview:
            lifecycle.edit(db(), row, desired, editor, own_host=own_host())
    return effects
