"""/account/owned-apps/SLUG: the owner of an app, or an administrator, decides about requests and ends access."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

import msgspec
from flask import url_for
from flask.typing import ResponseReturnValue

from webapp.accounts import user_queries
from webapp.core.clock import now
from webapp.core.translation import _
from webapp.forward_auth import access_requests, grants, guest_links, lifecycle
from webapp.forward_auth.access_requests import AlreadyDecided, TooManyPeople
from webapp.forward_auth.approvers import ROLE, mail_decision
from webapp.forward_auth.forms import LASTS, GrantForm, GuestLinkForm
from webapp.forward_auth.lifecycle import AppIsDeclared
from webapp.forward_auth.models import ProxiedApp
from webapp.forward_auth.proxied_apps import NOBODY
from webapp.forward_auth.views.blueprint import bp
from webapp.forward_auth.views.request_access import app_row
from webapp.guard import Principal, require
from webapp.mail.mailer import Mailer
from webapp.web.api_schema import responds
from webapp.web.negotiation import show
from webapp.web.problems import Problem
from webapp.web.registry import service
from webapp.web.responses import redirect_or_json
from webapp.web.transaction import db

FRESH = timedelta(minutes=10)


class OpenRequest(msgspec.Struct, frozen=True):
    id: UUID
    username: str
    reason: str
    asked_at: datetime


class Grant(msgspec.Struct, frozen=True):
    user_id: UUID
    username: str
    granted_at: datetime
    until: datetime


class GuestAccess(msgspec.Struct, frozen=True):
    """A link with which anybody may read a part of the app."""

    id: UUID
    path: str
    note: str
    """Whom it is for."""
    made_by: str
    until: datetime
    last_opened_at: datetime | None
    """To the hour."""


class AppAccess(msgspec.Struct, frozen=True, kw_only=True):
    """Who else may open an app: requests, grants and guest links."""

    slug: str
    name: str
    is_declared: bool
    """Whether `apps.toml` declares it, so that nobody can be granted permanent access here."""
    requests: list[OpenRequest]
    grants: list[Grant]
    guest_links: list[GuestAccess]


def owner_of(slug: str, **_others: object) -> UUID | None:
    """Who owns an app; the id of nobody if only administrators decide about it."""
    row = lifecycle.by_slug(db(), slug)
    return None if row is None else row.owner_id or NOBODY


require_approver = partial(require, session=True, owner=owner_of, owner_or_role=ROLE)


@bp.get("/account/owned-apps/<slug>")
@require_approver()
@responds(AppAccess, refuses=(404,))
def app_access(slug: str) -> ResponseReturnValue:
    """Requests for access to an app, and access for a limited time."""
    return access_page(app_row(slug))


def access_page(row: ProxiedApp, *, guest_form: GuestLinkForm | None = None) -> ResponseReturnValue:
    """The page of an app's owner: open requests, grants of access and guest links.

    Args:
        guest_form: with errors.
    """
    answer = AppAccess(
        slug=row.slug,
        name=row.name,
        is_declared=row.is_declared,
        requests=[
            OpenRequest(one.row.id, one.username, one.row.reason, one.row.created_at)
            for one in access_requests.waiting(db(), row.id)
        ],
        grants=[
            Grant(one.row.user_id, one.username, one.row.granted_at, one.row.expires_at)
            for one in grants.live(db(), app_id=row.id)
        ],
        guest_links=[
            GuestAccess(
                one.row.id, one.row.prefix, one.row.note, one.username, one.row.expires_at, one.row.last_opened_at
            )
            for one in guest_links.live(db(), row.id)
        ],
    )
    forms = {"form": GrantForm(formdata=None), "guest_form": guest_form or GuestLinkForm(formdata=None)}
    return show(answer, "forward_auth/app_access.html", access=answer, **forms)


@bp.post("/account/owned-apps/<slug>/requests/<uuid:request_id>/grant")
@require_approver(fresh_within=FRESH)
@responds(None, form=GrantForm, status=204, refuses=(404, 409, 422))
def grant_access(principal: Principal, slug: str, request_id: UUID) -> ResponseReturnValue:
    """Grant the access that a user asked for; it ends by itself. The user gets a mail."""
    form, row = GrantForm(), app_row(slug)
    if not form.validate_on_submit():
        raise form.refused()
    duration = LASTS.get(form.lasts.data)
    user_id = or_conflict(
        lambda: access_requests.grant_request(db(), row, request_id, duration, actor_id=principal.user_id)
    )
    mail_user(row, user_id, is_granted=True, until=now() + duration if duration else None)
    return redirect_or_json(url_for("forward_auth.app_access", slug=slug), _("The access was granted."))


@bp.post("/account/owned-apps/<slug>/requests/<uuid:request_id>/decline")
@require_approver()
@responds(None, status=204, refuses=(404, 409))
def decline_access(principal: Principal, slug: str, request_id: UUID) -> ResponseReturnValue:
    """Decline a request for access. The user gets a mail."""
    row = app_row(slug)
    user_id = or_conflict(lambda: access_requests.decline(db(), row, request_id, actor_id=principal.user_id))
    mail_user(row, user_id, is_granted=False)
    return redirect_or_json(url_for("forward_auth.app_access", slug=slug), _("The request was declined."))


@bp.post("/account/owned-apps/<slug>/grants/<uuid:user_id>/end")
@require_approver()
@responds(None, status=204, refuses=(404,))
def end_access(principal: Principal, slug: str, user_id: UUID) -> ResponseReturnValue:
    """End the access of a user before its time: their next request is refused."""
    if not grants.end(db(), app_row(slug), user_id, actor_id=principal.user_id):
        raise Problem(404, _("No access"), _("It has ended, or there was none."))
    return redirect_or_json(url_for("forward_auth.app_access", slug=slug), _("The access has ended."))


def or_conflict(decide: Callable[[], UUID]) -> UUID:
    """Call a decision about an access request; its errors become problem responses.

    Raises:
        Problem: 409
    """
    try:
        return decide()
    except AlreadyDecided as error:
        raise Problem(409, _("Already decided"), _("Somebody has decided about this request before.")) from error
    except AppIsDeclared as error:
        text = _("%(app)s is declared in apps.toml. Add the person there, or grant access for a time.", app=error)
        raise Problem(409, _("Permanent access cannot be granted"), text) from error
    except TooManyPeople as error:
        text = _("The app names too many people. Use a role.")
        raise Problem(409, _("Permanent access cannot be granted"), text) from error


def mail_user(row: ProxiedApp, user_id: UUID, **facts: object) -> None:
    if (user := user_queries.by_id(db(), user_id)) is not None:
        mail_decision(db(), service(Mailer), row, user, **facts)
