"""/admin/audit: the audit log, with filters and exports."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Annotated, Any
from uuid import UUID

import msgspec
from flask import Blueprint, Response, render_template, url_for
from flask.typing import ResponseReturnValue

from webapp.accounts import user_queries
from webapp.admin.audit_entries import AuditEntry, audit_entries
from webapp.admin.audit_presenter import lines
from webapp.admin.views.permissions import admin_read
from webapp.audit import event_queries, export_formats
from webapp.audit.event_queries import AuditFilter
from webapp.audit.log import Event, current_name
from webapp.audit.sentences.declared import DECLARED
from webapp.core.db import Database
from webapp.core.former_names import renamed
from webapp.core.translation import _
from webapp.web.api_schema import CSV, JSON_LINES, responds
from webapp.web.negotiation import as_json, wants_page
from webapp.web.problems import Problem
from webapp.web.query_params import parse_query
from webapp.web.transaction import database, db

bp = Blueprint("admin_audit", __name__)

PAGE = 50
NO_NUL = r"^[^\x00]*$"
DAY = r"^((?:19|20)[0-9]{2}-[0-9]{2}-[0-9]{2})?$"
# The id of an unknown name: no user has it.
NOBODY = UUID(int=0)


@renamed(address="ip_address")
class AuditQuery(msgspec.Struct, frozen=True):
    user: Annotated[
        str,
        msgspec.Meta(
            max_length=320, pattern=NO_NUL, description="User that the entry is about: name, e-mail address or ID."
        ),
    ] = ""
    actor: Annotated[
        str,
        msgspec.Meta(
            max_length=320, pattern=NO_NUL, description="Admin or other user who did it: name, e-mail address or ID."
        ),
    ] = ""
    event: Annotated[str, msgspec.Meta(max_length=50, pattern=NO_NUL, description="Such as `token.revoked`.")] = ""
    ip_address: Annotated[str, msgspec.Meta(max_length=45, pattern=NO_NUL, description="IP address it came from.")] = ""
    request: Annotated[
        str,
        msgspec.Meta(
            max_length=64,
            pattern=NO_NUL,
            description="Request ID, as a refusal names it in `instance` or on its page.",
        ),
    ] = ""
    route: Annotated[
        str,
        msgspec.Meta(
            max_length=200,
            pattern=NO_NUL,
            description="URL rule, such as `/reports/<int:number>`: requests to it that were refused, or whose view "
            "has `audit=True`.",
        ),
    ] = ""
    since: Annotated[str, msgspec.Meta(pattern=DAY, description="From this day (UTC).")] = ""
    until: Annotated[str, msgspec.Meta(pattern=DAY, description="Up to and including this day (UTC).")] = ""
    before: Annotated[
        int,
        msgspec.Meta(ge=0, le=2**62, description="Number of the last entry on the previous page; 0 for the newest."),
    ] = 0


class AuditLog(msgspec.Struct, frozen=True):
    events: list[AuditEntry]
    before: int | None
    """Send it as `before` to get the next page; null on the last page."""


@bp.get("/admin/audit")
@admin_read()
@responds(AuditLog, query=AuditQuery)
def index() -> ResponseReturnValue:
    """Audit events, newest first."""
    query = parse_query(AuditQuery)
    found = event_queries.search(db(), audit_filter(query), limit=PAGE + 1)
    answer = AuditLog(audit_entries(db(), found[:PAGE]), found[PAGE - 1].seq if len(found) > PAGE else None)
    if not wants_page():
        return as_json(answer)
    filters = {name: value for name, value in msgspec.structs.asdict(query).items() if value and name != "before"}
    return Response(
        render_template(
            "admin/audit.html",
            lines=lines(answer.events),
            query=query,
            chosen=current_name(query.event),
            kinds=kinds(),
            filters=filters,
            next_href=url_for("admin_audit.index", **filters, before=answer.before) if answer.before else None,
            first_href=url_for("admin_audit.index", **filters) if query.before else None,
        )
    )


def kinds() -> dict[str, list[str]]:
    """All events by their noun, those of plug-ins too."""
    return {
        noun: list(found)
        for noun, found in groupby(sorted({*Event, *DECLARED}, key=lambda event: event.split(".")), key=noun_of)
    }


def noun_of(event: str) -> str:
    return event.partition(".")[0]


@bp.get("/admin/audit.csv")
@admin_read()
@responds(str, query=AuditQuery, kind=CSV)
def as_csv() -> ResponseReturnValue:
    """All audit events that match the filters, as CSV.

    Values that a spreadsheet would take for a formula begin with an apostrophe.
    """
    return export("csv", f"{CSV}; charset=utf-8")


@bp.get("/admin/audit.jsonl")
@admin_read()
@responds(str, query=AuditQuery, kind=JSON_LINES)
def as_lines() -> ResponseReturnValue:
    """All audit events that match the filters, one JSON object per line.

    Each has its `digest`, which chains it to the event before.
    """
    return export("jsonl", JSON_LINES)


def export(kind: str, content_type: str) -> Response:
    response = Response(export_rows(database(), audit_filter(parse_query(AuditQuery)), kind), content_type=content_type)
    response.headers["Content-Disposition"] = f'attachment; filename="audit.{kind}"'
    return response


def export_rows(database: Database, criteria: AuditFilter, kind: str) -> Iterator[bytes]:
    # A transaction of its own, because the request's has ended when the response is sent.
    with database.read() as db:
        names = UserNames(db)
        entries = event_queries.search_all(db, criteria)
        if kind == "csv":
            yield from export_formats.as_csv(entries, names)
        else:
            yield from (export_formats.as_line(entry, names) for entry in entries)


class UserNames(dict[UUID, str]):
    """User names by id, each read from the database when it is first needed."""

    def __init__(self, db: Any) -> None:
        super().__init__()
        self._db = db

    def get(self, user_id: UUID, default: Any = None) -> Any:
        if user_id not in self:
            self[user_id] = user_queries.names_of(self._db, [user_id]).get(user_id, "")
        return self[user_id] or default


def audit_filter(query: AuditQuery) -> AuditFilter:
    until = day(query.until, "until")
    return AuditFilter(
        user_id=user_id_of(query.user),
        actor_id=user_id_of(query.actor),
        event=query.event,
        ip_address=query.ip_address,
        request_id=query.request,
        route=query.route,
        since=day(query.since, "since"),
        until=until + timedelta(days=1) if until else None,
        before=query.before or None,
    )


def user_id_of(text: str) -> UUID | None:
    if not text:
        return None
    try:
        return UUID(text)
    except ValueError:
        found = user_queries.by_name_or_email(db(), text)
        return found.id if found else NOBODY


def day(text: str, name: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC) if text else None
    except ValueError as error:
        errors = {name: [_("This date does not exist.")]}
        raise Problem(400, _("Bad request"), _("Check the dates."), extra={"errors": errors}) from error
