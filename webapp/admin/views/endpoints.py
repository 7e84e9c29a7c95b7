"""/admin/endpoints: every protected endpoint with its rule, and who used it when."""

from collections.abc import Mapping
from datetime import date, timedelta
from functools import partial
from typing import Annotated
from uuid import UUID

import msgspec
from flask import Blueprint, current_app, url_for
from flask.typing import ResponseReturnValue

from webapp.accounts import user_queries
from webapp.admin.views.permissions import admin_read
from webapp.core.clock import now
from webapp.core.translation import _
from webapp.credentials import route_uses
from webapp.credentials.purge import USES_KEPT
from webapp.credentials.usage_store import resource_text
from webapp.guard.access_report import access_reason
from webapp.guard.policy import Requirement
from webapp.guard.routes import guarded, is_built_in, routes
from webapp.web.api_schema import responds
from webapp.web.negotiation import show
from webapp.web.problems import Problem
from webapp.web.query_params import parse_query
from webapp.web.transaction import db

bp = Blueprint("admin_endpoints", __name__)

PAGE = 50
WEEK = timedelta(days=7)


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """One method of one path."""

    endpoint: str
    """Method and URL rule, such as `GET /reports/<int:number>`."""
    why: str
    """Who may use it, as a sentence."""
    scope: str | None
    """The scope that a token needs; null if no token may use it."""
    is_audited: bool
    """Whether every request is in the audit log."""
    requests: int
    """Number of requests in the last 7 days."""
    users: int
    """Number of users who used it in the last 7 days."""


class EndpointList(msgspec.Struct, frozen=True):
    endpoints: list[Endpoint]


class EndpointsQuery(msgspec.Struct, frozen=True):
    q: Annotated[
        str, msgspec.Meta(max_length=200, description="Part of the method and URL rule, such as `/reports`.")
    ] = ""


class UsesQuery(msgspec.Struct, frozen=True):
    route: Annotated[str, msgspec.Meta(max_length=200, description="Method and URL rule, as in the list.")]
    before: Annotated[
        str,
        msgspec.Meta(
            pattern=r"^((?:19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}\.[0-9a-f-]{36})?$",
            description="Send what the previous page named as `before`.",
        ),
    ] = ""


class EndpointUse(msgspec.Struct, frozen=True, kw_only=True):
    """Requests of one user on one day (UTC)."""

    day: date
    user_id: UUID
    user: str
    by_session: int
    by_token: int


class EndpointUses(msgspec.Struct, frozen=True, kw_only=True):
    endpoint: Endpoint
    uses: list[EndpointUse]
    """Newest day first, of the last 90 days."""
    before: str | None
    """Send it as `before` to get the next page; null on the last page."""


@bp.get("/admin/endpoints")
@admin_read()
@responds(EndpointList, query=EndpointsQuery)
def index() -> ResponseReturnValue:
    """List every protected endpoint, who may use it, and how often it was used in the last 7 days.

    Those of your own apps come first, then those of this site, the most used ones of each first.
    """
    query = parse_query(EndpointsQuery)
    counts = route_uses.by_route(db(), since=(now() - WEEK).date())
    rows = [
        (is_built_in(current_app, route.endpoint), endpoint(f"{method} {route.path}", route.requirement, counts))
        for route in routes(current_app)
        if route.requirement is not None and not route.requirement.is_public
        for method in route.methods
        if query.q.lower() in f"{method} {route.path}".lower()
    ]
    rows.sort(key=lambda row: (row[0], -row[1].requests))
    found = [entry for _is_own, entry in rows]
    return show(EndpointList(found), "admin/endpoints.html", endpoints=found, query=query)


def stored_name(endpoint: str) -> str:
    method, _space, rule = endpoint.partition(" ")
    return resource_text((method, rule))


def endpoint(name: str, requirement: Requirement, counts: Mapping[str, tuple[int, int]]) -> Endpoint:
    requests, users = counts.get(stored_name(name), (0, 0))
    return Endpoint(
        endpoint=name,
        why=access_reason(requirement, requirement.role or "", is_open=True),
        scope=None if requirement.session else requirement.scope,
        is_audited=requirement.is_audited,
        requests=requests,
        users=users,
    )


@bp.get("/admin/endpoints/uses")
@admin_read()
@responds(EndpointUses, query=UsesQuery, refuses=(404,))
def uses() -> ResponseReturnValue:
    """Who used an endpoint in the last 90 days, by day and user."""
    query = parse_query(UsesQuery)
    requirement = dict(guarded(current_app)).get(query.route)
    if requirement is None:
        raise Problem(404, _("Endpoint not found"))
    stored = stored_name(query.route)
    found = endpoint(query.route, requirement, route_uses.by_route(db(), since=(now() - WEEK).date(), resource=stored))
    rows = route_uses.by_user(
        db(),
        stored,
        since=(now() - USES_KEPT).date(),
        limit=PAGE + 1,
        before=cursor(query.before),
    )
    names = user_queries.names_of(db(), {row.user_id for row in rows})
    answer = EndpointUses(
        endpoint=found,
        uses=[
            EndpointUse(
                day=row.day,
                user_id=row.user_id,
                user=names[row.user_id],
                by_session=row.by_session,
                by_token=row.by_token,
            )
            for row in rows[:PAGE]
        ],
        before=f"{rows[PAGE - 1].day}.{rows[PAGE - 1].user_id}" if len(rows) > PAGE else None,
    )
    page_url = partial(url_for, "admin_endpoints.uses", route=found.endpoint)
    return show(
        answer,
        "admin/endpoint_uses.html",
        endpoint=found,
        uses=answer.uses,
        rule=found.endpoint.partition(" ")[2],
        next_href=page_url(before=answer.before) if answer.before else None,
        first_href=page_url() if query.before else None,
    )


def cursor(text: str) -> tuple[date, UUID] | None:
    """Parse the cursor of a page of uses: the day and user of its last row; None for the first page.

    Raises:
        Problem: 400, if the day or the id does not exist.
    """
    day, _dot, user_id = text.partition(".")
    try:
        return (date.fromisoformat(day), UUID(user_id)) if text else None
    except ValueError as error:
        errors = {"before": [_("This date does not exist.")]}
        raise Problem(400, _("Bad request"), _("Check the dates."), extra={"errors": errors}) from error
