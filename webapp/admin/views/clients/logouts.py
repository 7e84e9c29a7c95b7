"""/admin/clients/logouts: logout tokens for apps that are waiting, were sent or could not be sent."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from flask import url_for
from flask.typing import ResponseReturnValue

from webapp.admin.views.clients.blueprint import bp, client_of
from webapp.admin.views.permissions import admin_read, change_without_fresh_login
from webapp.core.translation import _
from webapp.guard import Principal
from webapp.oauth import logout_notices
from webapp.oauth.models import LogoutNotice
from webapp.web.api_schema import responds
from webapp.web.negotiation import show
from webapp.web.problems import Problem
from webapp.web.query_params import parse_query
from webapp.web.responses import redirect_or_json
from webapp.web.transaction import db

PAGE = 50


class NoticeQuery(msgspec.Struct, frozen=True):
    state: Annotated[
        Literal["", "waiting", "sent", "failed"],
        msgspec.Meta(description="Only notices in this state: waiting for the next try, sent, or given up."),
    ] = ""
    client: Annotated[UUID | msgspec.UnsetType, msgspec.Meta(description="Only those to this app.")] = msgspec.UNSET
    before: Annotated[
        Annotated[datetime, msgspec.Meta(tz=True)] | msgspec.UnsetType,
        msgspec.Meta(description="Only those created before this time."),
    ] = msgspec.UNSET


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """A logout token for an app."""

    id: UUID
    client_id: UUID
    app: str
    user_id: UUID
    state: str
    tries: int
    created_at: datetime
    sent_at: datetime | None
    due_at: datetime | None
    last_error: str | None


class Notices(msgspec.Struct, frozen=True):
    notices: list[Notice]
    waiting: int
    sent: int
    failed: int


@bp.get("/admin/clients/logouts")
@admin_read()
@responds(Notices, query=NoticeQuery, refuses=(404,))
def logouts() -> ResponseReturnValue:
    """List the logout tokens that were sent to apps or are to be sent, newest first."""
    query = parse_query(NoticeQuery)
    client = client_of(query.client) if query.client else None
    key = client.id if client else None
    rows = logout_notices.latest(db(), limit=PAGE + 1, before=query.before or None, state=query.state, client_id=key)
    found = Notices([notice_of(row, name) for row, name in rows[:PAGE]], **logout_notices.states(db(), client_id=key))
    older = url_for("admin_clients.logouts", client=key, **older_than(query, rows)) if len(rows) > PAGE else None
    latest = url_for("admin_clients.logouts", client=key, state=query.state or None) if query.before else None
    page = "admin/clients/logouts.html"
    return show(found, page, found=found, chosen_state=query.state, client=client, older_href=older, latest_href=latest)


def older_than(query: NoticeQuery, rows: Sequence[tuple[LogoutNotice, str]]) -> dict[str, Any]:
    return {"state": query.state or None, "before": rows[PAGE - 1][0].created_at.isoformat()}


@bp.post("/admin/clients/logouts/<uuid:notice_id>/retry")
@change_without_fresh_login()
@responds(None, status=204, refuses=(404,))
def retry_logout(principal: Principal, notice_id: UUID) -> ResponseReturnValue:
    """Send a logout token again now."""
    if logout_notices.retry(db(), notice_id, actor_id=principal.user_id) is None:
        raise Problem(404, _("Logout notice not found"), _("It does not exist or was already sent."))
    return redirect_or_json(url_for("admin_clients.logouts"), _("The logout notice will be sent again now."))


def notice_of(row: LogoutNotice, app: str) -> Notice:
    names = (name for name in Notice.__struct_fields__ if name != "app")
    return Notice(app=app, **{name: getattr(row, name) for name in names})
