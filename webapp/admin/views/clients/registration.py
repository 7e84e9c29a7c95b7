"""/admin/clients/registration: tokens with which apps register themselves."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from flask import current_app, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms import BooleanField, IntegerField
from wtforms.validators import InputRequired, NumberRange

from webapp.admin.views.clients.blueprint import bp
from webapp.admin.views.permissions import SUPER_ADMIN, admin_change, admin_form, admin_grant
from webapp.core.translation import _, _l
from webapp.guard import Principal
from webapp.oauth import registration_tokens
from webapp.oauth.models import RegistrationToken
from webapp.oauth.registration_tokens import LONGEST_LIFETIME, MOST_USES, InvalidRegistrationToken
from webapp.settings import Settings
from webapp.web.api_schema import responds
from webapp.web.form import Form
from webapp.web.negotiation import show
from webapp.web.problems import Problem
from webapp.web.registry import service
from webapp.web.responses import redirect_or_json, refuse_form
from webapp.web.transaction import db


def number(maximum: int) -> list[Any]:
    sentence = _l("Enter a number from 1 to %(most)s.", most=maximum)
    return [InputRequired(sentence), NumberRange(1, maximum, sentence)]


class RegistrationTokenForm(Form):
    uses = IntegerField(
        _l("Number of apps"), number(MOST_USES), default=1, description=_l("How many apps can register with it.")
    )
    days = IntegerField(
        _l("Valid for (days)"), number(LONGEST_LIFETIME.days), default=1, description=_l("How long the token works.")
    )
    allows_logout_uri = BooleanField(
        _l("Send them logout notices"),
        description=_l("The apps may name a URL to which this site sends logout notices."),
    )


class RegistrationTokenEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A token with which apps register themselves, without its secret."""

    id: UUID
    uses_left: int
    allows_logout_uri: bool
    created_at: datetime
    expires_at: datetime


class NewRegistrationToken(RegistrationTokenEntry, frozen=True, kw_only=True):
    """The only response that contains the token."""

    token: str


@bp.get("/admin/clients/registration")
@admin_form(SUPER_ADMIN)
def registration() -> ResponseReturnValue:
    return registration_page(RegistrationTokenForm(formdata=None))


@bp.post("/admin/clients/registration")
@admin_grant(SUPER_ADMIN)
@responds(NewRegistrationToken, form=RegistrationTokenForm, status=201, refuses=(422,))
def make_registration_token(principal: Principal) -> ResponseReturnValue:
    """Make a token with which apps register themselves. It is only in this response."""
    form = RegistrationTokenForm()
    if not form.validate_on_submit():
        return refuse_form(form, lambda: registration_page(form))
    try:
        created = registration_tokens.make(
            db(),
            uses=form.uses.data or 1,
            lifetime=timedelta(days=form.days.data or 1),
            allows_logout_uri=form.allows_logout_uri.data,
            origin="page",
            actor_id=principal.user_id,
        )
    except InvalidRegistrationToken as error:
        form.form_errors.append(str(error))
        return refuse_form(form, lambda: registration_page(form))
    answer = NewRegistrationToken(**facts_of(created.token), token=created.secret)
    url = f"{current_app.config['BASE_URL']}/oauth/register"
    response = show(answer, "admin/clients/registration_token.html", status=201, token=answer, url=url)
    response.headers["Location"] = url_for("admin_clients.registration")
    return response


@bp.post("/admin/clients/registration/<uuid:token_id>/revoke")
@admin_change(SUPER_ADMIN)
@responds(None, status=204, refuses=(404,))
def revoke_registration_token(principal: Principal, token_id: UUID) -> ResponseReturnValue:
    """Revoke a token with which apps register themselves. Those that have registered stay."""
    if not registration_tokens.revoke(db(), token_id, origin="page", actor_id=principal.user_id):
        raise Problem(404, _("Token not found"), _("It does not exist or was used up."))
    return redirect_or_json(url_for("admin_clients.registration"), _("The token was revoked."))


def registration_page(form: RegistrationTokenForm) -> str:
    found = [RegistrationTokenEntry(**facts_of(token)) for token in registration_tokens.list_usable(db())]
    is_open = service(Settings).dynamic_registration
    return render_template("admin/clients/registration.html", form=form, tokens=found, is_open=is_open)


def facts_of(token: RegistrationToken) -> dict[str, Any]:
    return {name: getattr(token, name) for name in RegistrationTokenEntry.__struct_fields__}
