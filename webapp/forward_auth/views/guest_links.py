"""Guest links on the page about access to an app: made and revoked by its owner or an administrator."""

from datetime import datetime
from uuid import UUID

import msgspec
from flask import url_for
from flask.typing import ResponseReturnValue

from webapp.core.translation import _
from webapp.forward_auth import guest_links, lifecycle
from webapp.forward_auth.forms import GuestLinkForm
from webapp.forward_auth.guest_links import InvalidGuestLink
from webapp.forward_auth.views.app_access import FRESH, access_page, require_approver
from webapp.forward_auth.views.blueprint import OWN_PATH, bp, scheme_of_site
from webapp.forward_auth.views.request_access import app_row
from webapp.guard import Principal
from webapp.web.api_schema import responds
from webapp.web.negotiation import show
from webapp.web.problems import Problem
from webapp.web.responses import redirect_or_json, refuse_form
from webapp.web.transaction import db


class NewGuestLink(msgspec.Struct, frozen=True):
    id: UUID
    url: str
    """Shown only in this response."""
    app: str
    path: str
    expires_at: datetime


@bp.post("/account/owned-apps/<slug>/guest-links")
@require_approver(fresh_within=FRESH)
@responds(NewGuestLink, form=GuestLinkForm, status=201, refuses=(404, 422))
def make_guest_link(principal: Principal, slug: str) -> ResponseReturnValue:
    """Make a link with which anybody may read a part of the app, without an account. Only this response has it."""
    form, row = GuestLinkForm(), app_row(slug)
    if not form.validate_on_submit():
        return refuse_form(form, lambda: access_page(row, guest_form=form))
    link_settings = form.path.data or "", form.note.data or "", form.days.data or 0
    try:
        created = guest_links.make(db(), row, *link_settings, actor_id=principal.user_id)
    except InvalidGuestLink as error:
        form.path.errors = [str(error)]
        return refuse_form(form, lambda: access_page(row, guest_form=form))
    host = lifecycle.hosts_of(db(), row)[0]
    url = f"{scheme_of_site()}://{host}{OWN_PATH}guest?link={created.secret}"
    answer = NewGuestLink(created.row.id, url, row.name, created.row.prefix, created.row.expires_at)
    response = show(answer, "forward_auth/guest_link.html", status=201, link=answer, slug=slug)
    # No redirect, because the link is shown only in this response.
    response.headers["Cache-Control"] = "no-store"
    response.headers["Location"] = url_for("forward_auth.app_access", slug=slug)
    return response


@bp.post("/account/owned-apps/<slug>/guest-links/<uuid:link_id>/revoke")
@require_approver()
@responds(None, status=204, refuses=(404,))
def revoke_guest_link(principal: Principal, slug: str, link_id: UUID) -> ResponseReturnValue:
    """Revoke a guest link: the next request of its guests is refused."""
    if not guest_links.revoke(db(), app_row(slug), link_id, actor_id=principal.user_id):
        raise Problem(404, _("Guest link not found"), _("It has ended or was revoked."))
    return redirect_or_json(url_for("forward_auth.app_access", slug=slug), _("The guest link was revoked."))
