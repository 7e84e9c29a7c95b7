"""/tokens/<id>/edit: edit an API token; widening it requires recent authentication."""

from datetime import datetime
from uuid import UUID

import msgspec
from flask import Response, url_for
from flask.typing import ResponseReturnValue

from webapp.core.clock import now
from webapp.core.translation import _
from webapp.guard import Principal, require
from webapp.guard.curl_examples import link_for_another
from webapp.guard.token_grant import TokenGrant
from webapp.guard.view_checks import refuse_unless_fresh
from webapp.tokens import editing, issuing
from webapp.tokens.editing import TokenEdit, TokenEdited, TokenTerms
from webapp.tokens.forms import EditTokenForm
from webapp.tokens.lifecycle import TokenRow
from webapp.tokens.views import form_pages
from webapp.tokens.views.blueprint import FRESH, bp, form_arguments, refuse_unless_strong, token_or_404
from webapp.web.api_schema import responds
from webapp.web.negotiation import as_json, wants_page
from webapp.web.problems import Action, Problem
from webapp.web.registry import service
from webapp.web.responses import redirect_or_json, refuse_form
from webapp.web.transaction import db


class EditableToken(msgspec.Struct, frozen=True, kw_only=True):
    """Scopes and restrictions of a token. An empty list of anything but scopes means no restriction."""

    id: UUID
    name: str
    note: str | None
    scopes: list[str]
    resources: list[str]
    methods: list[str]
    networks: list[str]
    per_minute: int | None
    expires_at: datetime
    """In the year 9999 if it never expires."""
    summary: list[str]


@bp.get("/tokens/<uuid:token_id>/edit")
@require(session=True)
@responds(EditableToken, refuses=(409,))
def edit(principal: Principal, token_id: UUID) -> ResponseReturnValue:
    """The terms of an API token that can be changed."""
    row = require_live(token_or_404(principal.user_id, token_id))
    terms = editing.terms_of(row)
    form = EditTokenForm.of(terms, **form_arguments(principal))
    return form_pages.edit_page(form, row) if wants_page() else as_json(limits(form, row, terms))


@bp.post("/tokens/<uuid:token_id>/edit")
@require(session=True)
@responds(EditableToken, form=EditTokenForm, refuses=(401, 409, 422))
def update(principal: Principal, token_id: UUID) -> ResponseReturnValue:
    """Change an API token, effective with its next request. Widening it requires recent authentication.

    Fields that are left out keep their values; an empty list removes a restriction.
    """
    row = require_live(token_or_404(principal.user_id, token_id))
    # Locked, so that the terms that are compared are the ones that are replaced.
    db().refresh(row.credential, with_for_update=True)
    form = EditTokenForm.of(editing.terms_of(row), **form_arguments(principal))
    if not form.validate_on_submit():
        return form_again(form, row)
    requested = TokenEdit(form.terms, form.edited_terms)
    if requested.is_wider and (step_up := refuse_unless_proven(principal, requested)) is not None:
        return step_up
    try:
        edited = editing.edit(db(), row, requested.after)
    except issuing.TokenNameTaken:
        form.name.errors = [_("You already have a token called %(name)s. Choose another name.", name=form.name.data)]
        return form_again(form, row)
    if edited.is_new:
        service(TokenEdited)(db(), row, is_wider=edited.is_wider)
    return edited_answer(edited, row, form)


def refuse_unless_proven(principal: Principal, requested: TokenEdit) -> Response | None:
    """The step-up response, if widening the token requires a more recent or stronger authentication; otherwise None."""
    return refuse_unless_fresh(principal, FRESH) or refuse_unless_strong(principal, requested.after.grant.scopes)


def require_live(row: TokenRow) -> TokenRow:
    if not row.credential.is_live(now()):
        make = Action(_("Create a new token"), link_for_another(issuing.scopes_of(row.credential), row.entry.id))
        detail = _("Expired and revoked tokens can't be changed.")
        raise Problem(409, _("This token no longer works"), detail, actions=[make])
    if row.entry.rotated_at is not None:
        see = Action(_("View token"), url_for("tokens.show", token_id=row.entry.id))
        raise Problem(409, _("This token was rotated"), _("Edit the new token instead."), actions=[see])
    return row


def form_again(form: EditTokenForm, row: TokenRow) -> ResponseReturnValue:
    return refuse_form(form, lambda: form_pages.edit_page(form, row))


def edited_answer(edited: TokenEdit, row: TokenRow, form: EditTokenForm) -> ResponseReturnValue:
    return redirect_or_json(
        url_for("tokens.show", token_id=row.entry.id), sentence(edited), limits(form, row, edited.after)
    )


def sentence(edited: TokenEdit) -> str:
    name = edited.after.name
    if not edited.is_new:
        return _("%(name)s was not changed.", name=name)
    if edited.is_wider:
        return _("%(name)s was saved and has more permissions now.", name=name)
    return _("%(name)s was saved.", name=name)


def limits(form: EditTokenForm, row: TokenRow, terms: TokenTerms) -> EditableToken:
    grant: TokenGrant = terms.grant
    return EditableToken(
        id=row.entry.id,
        name=terms.name,
        note=terms.note,
        scopes=sorted(grant.scopes),
        resources=sorted(grant.resources),
        methods=sorted(grant.methods),
        networks=list(grant.networks),
        per_minute=grant.per_minute,
        expires_at=terms.expires_at,
        summary=form_pages.form_summary(form),
    )
