"""/admin/invitations: list, create and revoke invitations."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from flask import Blueprint, current_app, render_template, url_for
from flask.typing import ResponseReturnValue

from webapp.accounts import invitations
from webapp.accounts.invitations import InvitationRow, RoleNotYours
from webapp.accounts.names import InvalidEmail
from webapp.admin.views.invitation_form import InvitationForm
from webapp.admin.views.permissions import admin_form, admin_grant, admin_read, change_without_fresh_login
from webapp.core.clock import now
from webapp.core.translation import _
from webapp.guard import Principal
from webapp.mail.mailer import Mailer
from webapp.web.api_schema import responds
from webapp.web.negotiation import show
from webapp.web.problems import Problem
from webapp.web.query_params import parse_query
from webapp.web.registry import service
from webapp.web.responses import redirect_or_json, refuse_form
from webapp.web.transaction import db

bp = Blueprint("admin_invitations", __name__)


class InvitationQuery(msgspec.Struct, frozen=True):
    before: Annotated[
        Annotated[datetime, msgspec.Meta(tz=True)] | msgspec.UnsetType,
        msgspec.Meta(description="Only those created before this time."),
    ] = msgspec.UNSET


class Invited(msgspec.Struct, frozen=True):
    id: UUID
    email: str | None
    role: str
    note: str
    state: str
    inviter: str | None
    created_at: datetime
    expires_at: datetime
    uses: int
    most_uses: int


class InvitationList(msgspec.Struct, frozen=True):
    invitations: list[Invited]
    has_more: bool


class NewInvitation(Invited, frozen=True, kw_only=True):
    """The only response that may contain the link."""

    link: str | None
    """Null if it was mailed: using a link verifies the e-mail address only if it was shown nowhere else."""
    is_mailed: bool


@bp.get("/admin/invitations")
@admin_read()
@responds(InvitationList, query=InvitationQuery)
def index() -> ResponseReturnValue:
    """List invitations, newest first."""
    before = parse_query(InvitationQuery).before or None
    rows = invitations.latest_invitations(db(), before=before)
    found, has_more = [invited_of(row) for row in rows[: invitations.PAGE]], len(rows) > invitations.PAGE
    older = url_for("admin_invitations.index", before=found[-1].created_at.isoformat()) if has_more else None
    latest = url_for("admin_invitations.index") if before else None
    return show(
        InvitationList(found, has_more),
        "admin/invitations.html",
        invitations=found,
        older_href=older,
        latest_href=latest,
        **invitations_context(),
    )


@bp.get("/admin/invitations/new")
@admin_form()
def new(principal: Principal) -> ResponseReturnValue:
    return form_page(InvitationForm(formdata=None, granted=invitations.may_give(db(), principal.roles)))


@bp.post("/admin/invitations/new")
@admin_grant()
@responds(NewInvitation, form=InvitationForm, status=201, location=False, refuses=(422,))
def create(principal: Principal) -> ResponseReturnValue:
    """Create an invitation. Its link is mailed to the e-mail address, or else only in this response."""
    form = InvitationForm(granted=invitations.may_give(db(), principal.roles))
    if not form.validate_on_submit():
        return form_again(form)
    if form.invitation.email and not current_app.config["CAN_MAIL"]:
        form.email.errors = [_("No mail server is configured. Leave this empty and send the link yourself.")]
        return form_again(form)
    try:
        created = invitations.create(db(), form.invitation, by=principal.user_id, roles=principal.roles)
    except InvalidEmail as error:
        form.email.errors = [str(error)]
        return form_again(form)
    except RoleNotYours:
        form.role.errors = [_("This role no longer exists. Somebody has removed it.")]
        return form_again(form)
    mailer = service(Mailer)
    is_mailed = invitations.mail(db(), mailer, created)
    link = None if is_mailed else current_app.config["BASE_URL"] + created.path
    answer = NewInvitation(
        **msgspec.structs.asdict(invited_of(InvitationRow(created.invitation, principal.username))),
        link=link,
        is_mailed=is_mailed,
    )
    # No redirect, because the secret is shown only in this response.
    return show(answer, "admin/invitation_made.html", status=201, invitation=answer, **invitations_context())


@bp.post("/admin/invitations/<uuid:invitation_id>/revoke")
@change_without_fresh_login()
@responds(None, status=204, refuses=(404,))
def revoke(principal: Principal, invitation_id: UUID) -> ResponseReturnValue:
    """Revoke an invitation. Accounts created with it stay."""
    if not invitations.revoke(db(), invitation_id, by=principal.user_id):
        raise Problem(404, _("Invitation not found"), _("It does not exist or is no longer valid."))
    return redirect_or_json(url_for("admin_invitations.index"), _("Invitation revoked. Its link no longer works."))


def invited_of(row: InvitationRow) -> Invited:
    found = row.invitation
    return Invited(
        id=found.id,
        email=found.email,
        role=found.role,
        note=found.note,
        state=invitations.state_of(found, now()),
        inviter=row.inviter,
        created_at=found.created_at,
        expires_at=found.expires_at,
        uses=found.uses,
        most_uses=found.most_uses,
    )


def form_again(form: InvitationForm) -> ResponseReturnValue:
    return refuse_form(form, lambda: form_page(form))


def form_page(form: InvitationForm) -> str:
    return render_template("admin/invitation_new.html", form=form, **invitations_context())


def invitations_context() -> dict[str, Any]:
    return {"can_mail": current_app.config["CAN_MAIL"], "is_closed": current_app.config["REGISTRATION"] == "closed"}
