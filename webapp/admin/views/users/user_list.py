"""/admin/users: the list of users, and one user."""

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from flask import Response, current_app, render_template, url_for
from flask.typing import ResponseReturnValue

from webapp.accounts import roles, user_counts, user_queries
from webapp.accounts.models import User
from webapp.accounts.user_queries import UnknownCursor, UserFilter, UserPage
from webapp.accounts.views.password_refusals import may_use_password
from webapp.admin.audit_presenter import lines
from webapp.admin.user_details import UserDetails, UserListing, describe_user, summaries
from webapp.admin.views.permissions import admin_read
from webapp.admin.views.users.blueprint import bp, user_of
from webapp.core.clock import now
from webapp.core.translation import _
from webapp.guard import Principal
from webapp.guard.access_report import accessible_routes
from webapp.guard.routes import guarded
from webapp.web.api_schema import responds
from webapp.web.negotiation import as_json, show, wants_page
from webapp.web.problems import Problem
from webapp.web.query_params import parse_query
from webapp.web.transaction import db


class UserQuery(msgspec.Struct, frozen=True):
    q: Annotated[
        str,
        msgspec.Meta(max_length=320, pattern=r"^[^\x00]*$", description="Start of the name or e-mail address."),
    ] = ""
    role: Annotated[
        str, msgspec.Meta(max_length=20, pattern="^[a-z0-9_]*$", description="Only users with this role.")
    ] = ""
    view: Annotated[
        Literal["", "never", "dormant", "disabled", "closed", "tokens", "one_factor"],
        msgspec.Meta(
            description="Never logged in, inactive for 90 days, disabled, closed by their owner, with tokens or "
            "without a second factor."
        ),
    ] = ""
    sort: Annotated[
        Literal["name", "created", "seen"], msgspec.Meta(description="By name, newest account or latest login.")
    ] = "name"
    after: Annotated[
        UUID | msgspec.UnsetType, msgspec.Meta(description="ID of the last user on the previous page.")
    ] = msgspec.UNSET


@bp.get("/admin/users")
@admin_read()
@responds(UserListing, query=UserQuery)
def index() -> ResponseReturnValue:
    """Users, filtered and sorted."""
    query = parse_query(UserQuery)
    found = page_of(query)
    answer = UserListing(summaries(db(), found.users), found.users[-1].id if found.has_more else None)
    if not wants_page():
        return as_json(answer)
    return Response(
        render_template(
            "admin/users.html",
            people=answer.people,
            query=query,
            counts=user_counts.counts(db()),
            roles=[role.name for role in roles.list_roles(db())],
            next_href=url_for("admin_users.index", **(query_of(query) | {"after": answer.after}))
            if answer.after
            else None,
            first_href=url_for("admin_users.index", **query_of(query)) if query.after else None,
        )
    )


def page_of(query: UserQuery) -> UserPage:
    try:
        return user_queries.user_page(
            db(),
            UserFilter(begins=query.q, role=query.role, view=query.view, sort=query.sort, after=query.after or None),
        )
    except UnknownCursor as error:
        errors = {"after": [_("This page no longer exists. Go back to the first page.")]}
        detail = _("The last user of the previous page may have been deleted.")
        raise Problem(400, _("Page not found"), detail, extra={"errors": errors}) from error


def query_of(query: UserQuery) -> dict[str, Any]:
    """The filters of the query, without the cursor."""
    sort = query.sort if query.sort != "name" else None
    return {"q": query.q or None, "role": query.role or None, "view": query.view or None, "sort": sort}


@bp.get("/admin/users/<uuid:user_id>", endpoint="show")
@admin_read()
@responds(UserDetails)
def person(principal: Principal, user_id: UUID) -> ResponseReturnValue:
    """One user: access and its reasons, sessions, tokens and recent activity."""
    user = user_of(user_id)
    found = details_of(principal, user)
    has_password_login = may_use_password(user.role)
    return show(
        found, "admin/user.html", person=found, lines=lines(found.events), has_password_login=has_password_login
    )


def details_of(principal: Principal, user: User) -> UserDetails:
    closure = roles.included_in(db(), user.role)
    reached = accessible_routes(guarded(current_app), user.role, closure, at=now())
    if user.is_service:
        # It has no session.
        reached = [route for route in reached if route.scope is not None]
    return describe_user(db(), user, principal.roles, reached)
