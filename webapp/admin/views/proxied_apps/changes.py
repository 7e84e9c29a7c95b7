"""Responses to changes of proxied apps, and to previews of them."""

from collections.abc import Callable
from typing import Any

from flask import url_for
from flask.typing import ResponseReturnValue

from webapp.admin.views.proxied_app_details import changed_app
from webapp.admin.views.proxied_app_effects import effects_sentence, with_effects
from webapp.admin.views.proxied_app_forms import PreviewField
from webapp.forward_auth.models import ProxiedApp
from webapp.forward_auth.replay import ChangeEffects
from webapp.web.negotiation import as_json, wants_page
from webapp.web.responses import redirect_or_json
from webapp.web.transaction import db


def changed(
    row: ProxiedApp, effects: ChangeEffects, form: PreviewField, message: str, page: Callable[[], str]
) -> ResponseReturnValue:
    """Respond to a form that changes an app: a preview of the effects, or the saved change.

    Args:
        page: makes the page with the form and the effects, for a preview.
    """
    if not form.preview.data:
        return saved(row, effects, message)
    return page() if wants_page() else as_json(changed_app(db(), row, effects, is_saved=False))


def saved(row: ProxiedApp, effects: ChangeEffects, message: str) -> ResponseReturnValue:
    url = url_for("admin_proxied_apps.show", app_id=row.id)
    return redirect_or_json(url, with_effects(message, effects), changed_app(db(), row, effects))


def shown_effects(effects: ChangeEffects | None) -> dict[str, Any]:
    """The context of ``admin/proxied_apps/_effects.html``."""
    return {"effects": effects, "effects_sentence": effects_sentence(effects) if effects is not None else ""}
