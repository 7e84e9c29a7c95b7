"""/tokens/<id>/drop: remove a scope that the token does not need."""

from dataclasses import replace
from uuid import UUID

import msgspec
from flask import url_for
from flask.typing import ResponseReturnValue
from wtforms import StringField
from wtforms.validators import InputRequired

from webapp.core.translation import _, _l
from webapp.guard import Principal, require
from webapp.tokens import editing
from webapp.tokens.token_list import Token
from webapp.tokens.views.blueprint import bp, token_by_id, token_or_404
from webapp.tokens.views.edit import require_live
from webapp.web.api_schema import responds
from webapp.web.form import Form
from webapp.web.problems import Problem
from webapp.web.responses import redirect_or_json
from webapp.web.transaction import db


class DropForm(Form):
    scope = StringField(_l("Scope"), [InputRequired(_l("Choose the permission to remove."))])


@bp.post("/tokens/<uuid:token_id>/drop")
@require(session=True)
@responds(Token, form=DropForm, refuses=(409, 422))
def drop(principal: Principal, token_id: UUID) -> ResponseReturnValue:
    """Remove one scope from a token, effective with its next request. No re-authentication is needed."""
    row = require_live(token_or_404(principal.user_id, token_id))
    db().refresh(row.credential, with_for_update=True)
    form = DropForm()
    if not form.validate_on_submit():
        raise form.refused()
    terms = editing.terms_of(row)
    left = terms.grant.scopes - {form.scope.data}
    if not left:
        raise Problem(409, _("You can't remove the only permission"), _("Revoke the token instead."))
    narrower = msgspec.structs.replace(terms.grant, scopes=left)
    edited = editing.edit(db(), row, replace(terms, grant=narrower))
    message = _("%(name)s was not changed.", name=terms.name)
    if edited.is_new:
        message = _("Removed %(scope)s from %(name)s.", scope=form.scope.data, name=terms.name)
    token = token_by_id(principal.user_id, token_id)
    return redirect_or_json(url_for("tokens.show", token_id=token_id), message, token)
