"""/account/activity: the audit events of the caller, and "Was this you?"."""

from collections.abc import Iterable
from typing import Annotated, Literal, TypeVar
from uuid import UUID

import msgspec
from flask import Response, render_template, url_for
from flask.typing import ResponseReturnValue

from webapp.accounts.activity import ActivityEntry, as_csv, lines
from webapp.accounts.views.blueprint import bp, me
from webapp.audit import paging
from webapp.audit.models import AuditEvent
from webapp.core.clock import now
from webapp.core.translation import _, _l
from webapp.guard import Principal, require
from webapp.sessions.session_list import SessionEntry, list_sessions
from webapp.tokens import lifecycle as tokens
from webapp.tokens import script_logins
from webapp.tokens.models import ApiToken
from webapp.tokens.script_logins import ScriptLogin
from webapp.web.api_schema import CSV, responds
from webapp.web.negotiation import show
from webapp.web.problems import Problem
from webapp.web.query_params import parse_query
from webapp.web.transaction import db

KINDS = {
    "all": _l("Everything"),
    "logins": _l("Logins"),
    "tokens": _l("Tokens"),
    "account": _l("Account"),
    "refusals": _l("Refused"),
}
MAX_AT_ONCE = 10_000

Named = TypeVar("Named", SessionEntry, ScriptLogin)
Kind = Literal["all", "logins", "tokens", "account", "refusals"]


class ActivityQuery(msgspec.Struct, frozen=True):
    kind: Annotated[Kind, msgspec.Meta(description="Only entries of this kind.")] = "all"
    before: Annotated[UUID | msgspec.UnsetType, msgspec.Meta(description="Only entries before this one.")] = (
        msgspec.UNSET
    )
    after: Annotated[UUID | msgspec.UnsetType, msgspec.Meta(description="Only the entries that follow this one.")] = (
        msgspec.UNSET
    )


class Activity(msgspec.Struct, frozen=True):
    events: list[ActivityEntry]
    older: UUID | None
    """For `before`, if there may be older entries. A page of a kind ends after 10,000 entries of any kind."""
    newer: UUID | None


@bp.get("/account/activity")
@require(scope="profile:read")
@responds(Activity, query=ActivityQuery, refuses=(404,))
def activity(principal: Principal) -> ResponseReturnValue:
    """The caller's audit events, newest first, including failed attempts."""
    query = parse_query(ActivityQuery)
    found = activity_page(principal, query)
    return show(
        found,
        "accounts/activity.html",
        events=found.events,
        kinds=KINDS,
        kind=query.kind,
        older_href=url_for("account.activity", kind=query.kind, before=found.older) if found.older else None,
        newer_href=url_for("account.activity", kind=query.kind, after=found.newer) if found.newer else None,
    )


def activity_page(principal: Principal, query: ActivityQuery) -> Activity:
    before, after = query.before or None, query.after or None
    # One more than is shown, to know whether there is another page.
    found = list(select(principal, query, paging.PAGE + 1, paging.LOOKED_THROUGH))
    has_more, is_backward = len(found) > paging.PAGE, after is not None and before is None
    shown = found[-paging.PAGE :] if is_backward else found[: paging.PAGE]
    older = shown[-1].id if shown and (has_more or is_backward) else None
    newer = shown[0].id if shown and (has_more if is_backward else before is not None) else None
    if query.kind != "all" and not has_more:
        further = paging.last_looked_through(db(), principal.user_id, before=before, after=after)
        older, newer = (older, further) if is_backward else (further, newer)
    return Activity(lines(db(), principal.user_id, shown), older, newer)


def select(principal: Principal, query: ActivityQuery, size: int, among: int | None) -> list[AuditEvent]:
    kind = None if query.kind == "all" else query.kind
    edges = {"before": query.before or None, "after": query.after or None}
    try:
        return list(paging.event_page(db(), principal.user_id, kind=kind, size=size, among=among, **edges))
    except paging.EventUnknown as error:
        raise unknown() from error


@bp.get("/account/activity.csv")
@require(scope="profile:read")
@responds(str, query=ActivityQuery, kind=CSV, refuses=(404,))
def activity_csv(principal: Principal) -> ResponseReturnValue:
    """The caller's latest 10,000 audit events as CSV.

    Values that a spreadsheet would take for a formula begin with an apostrophe.
    """
    query = parse_query(ActivityQuery)
    found = lines(db(), principal.user_id, select(principal, query, MAX_AT_ONCE, None))
    headers = {"Content-Disposition": 'attachment; filename="activity.csv"'}
    return Response(as_csv(found), content_type=f"{CSV}; charset=utf-8", headers=headers)


@bp.get("/account/activity/<uuid:event_id>")
@require(session=True)
def was_this_you(principal: Principal, event_id: UUID) -> ResponseReturnValue:
    try:
        event = paging.event_of_user(db(), principal.user_id, event_id)
    except paging.EventUnknown as error:
        raise unknown() from error
    return render_template(
        "accounts/was_this_you.html",
        event=lines(db(), principal.user_id, [event])[0],
        user=me(principal),
        **credential_of(principal, event.credential_id),
    )


def credential_of(
    principal: Principal, credential_id: UUID | None
) -> dict[str, SessionEntry | ScriptLogin | ApiToken | None]:
    """The session, script login or token with this id, if it is still live, so that the page can offer to end it."""
    if credential_id is None:
        return dict.fromkeys(("session", "login", "token"))
    row = tokens.find(db(), principal.user_id, credential_id)
    login_id = row.credential.family_id or credential_id if row else credential_id
    return {
        "session": by_id(list_sessions(db(), principal), credential_id),
        "login": by_id(script_logins.live(db(), principal.user_id), login_id),
        "token": row.entry if row and row.credential.family_id is None and row.credential.is_live(now()) else None,
    }


def by_id(entries: Iterable[Named], entry_id: UUID) -> Named | None:
    return next((entry for entry in entries if entry.id == entry_id), None)


def unknown() -> Problem:
    return Problem(404, _("Entry not found"), _("It does not exist, or it is not yours."))
