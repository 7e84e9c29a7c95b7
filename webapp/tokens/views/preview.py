"""Summary of a token, as sentences, before it is created or changed."""

from collections.abc import Callable
from functools import partial
from uuid import UUID

import msgspec
from flask import request
from flask.typing import ResponseReturnValue

from webapp.guard import Principal, require
from webapp.tokens import editing
from webapp.tokens.forms import EditTokenForm, NewTokenForm
from webapp.tokens.forms.create import PreviewForm
from webapp.tokens.views import form_pages
from webapp.tokens.views.blueprint import bp, form_arguments, policy, token_or_404
from webapp.tokens.views.prefill import fill_in
from webapp.tokens.views.request_location import request_location
from webapp.tokens.views.token_pages import own_pages
from webapp.web.api_schema import responds
from webapp.web.body import submitted
from webapp.web.known_fields import reads
from webapp.web.negotiation import as_json, wants_page
from webapp.web.responses import refuse_form


class Summary(msgspec.Struct, frozen=True):
    """What a token with these terms could and could not do."""

    summary: list[str]


@bp.post("/tokens/summary")
@require(session=True)
@responds(Summary, form=PreviewForm, refuses=(422,))
@reads("former", "page", fields=("preset", "use"))
def preview(principal: Principal) -> ResponseReturnValue:
    """Summary of a token that is not created yet. A name is not needed."""
    form = PreviewForm(**form_arguments(principal), **policy())
    if wants_page() and (preset_key := submitted().get("preset")):
        fill_in(form, principal.user_id, preset_key, former=request.args.get("former"))
        return form_pages.new_page(form, own_pages(principal), preset_key=preset_key)
    preset_key = request.args.get("former", form_pages.OWN_CHOICE)
    return previewed(form, lambda form: form_pages.new_page(form, own_pages(principal), preset_key=preset_key))


@bp.post("/tokens/<uuid:token_id>/summary")
@require(session=True)
@responds(Summary, form=EditTokenForm, refuses=(422,))
@reads(fields=("use",))
def preview_edit(principal: Principal, token_id: UUID) -> ResponseReturnValue:
    """Summary of a token after a change that is not saved yet."""
    row = token_or_404(principal.user_id, token_id)
    form = EditTokenForm.of(editing.terms_of(row), **form_arguments(principal))
    return previewed(form, partial(form_pages.edit_page, row=row))


def previewed(form: NewTokenForm | EditTokenForm, page: Callable[..., str]) -> ResponseReturnValue:
    form.validate_on_submit()
    if submitted().get("use") == "my-address" and (own_ip_address := request_location().ip_address):
        form.networks.data = [*(form.networks.data or ()), own_ip_address]
    if form.errors:
        return refuse_form(form, lambda: page(form))
    return page(form) if wants_page() else as_json(Summary(form_pages.form_summary(form)))
