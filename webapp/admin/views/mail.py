"""/admin/mail: the outbox with pending, sent and failed mails."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from flask import Blueprint, current_app, url_for
from flask.typing import ResponseReturnValue

from webapp.accounts import user_queries
from webapp.admin.mail_kinds import kind_in_words
from webapp.admin.views.permissions import admin_read, change_without_fresh_login
from webapp.audit.log import Event, record
from webapp.core.translation import _
from webapp.guard import Principal
from webapp.mail import outbox
from webapp.mail.mailer import Mailer
from webapp.mail.models import OutgoingMail
from webapp.web.api_schema import responds
from webapp.web.negotiation import show
from webapp.web.problems import Problem
from webapp.web.query_params import parse_query
from webapp.web.registry import service
from webapp.web.responses import redirect_or_json
from webapp.web.transaction import db

bp = Blueprint("admin_mail", __name__)

PAGE = 50


class MailQuery(msgspec.Struct, frozen=True):
    state: Annotated[
        Literal["", "waiting", "sent", "logged", "failed"],
        msgspec.Meta(
            description="Only mails in this state: waiting for the next try, sent, only written to the log, or failed."
        ),
    ] = ""
    before: Annotated[
        Annotated[datetime, msgspec.Meta(tz=True)] | msgspec.UnsetType,
        msgspec.Meta(description="Only those created before this time."),
    ] = msgspec.UNSET


class Mail(msgspec.Struct, frozen=True):
    """A mail without its text, which may contain a link."""

    id: UUID
    kind: str
    to: str
    state: str
    tries: int
    created_at: datetime
    sent_at: datetime | None
    due_at: datetime | None
    last_error: str | None


class Outbox(msgspec.Struct, frozen=True):
    mails: list[Mail]
    waiting: int
    sent: int
    logged: int
    """Mails that were only written to the log, and reached nobody."""
    failed: int
    can_mail: bool
    """Whether a mail server is configured; otherwise mails are written to the log."""


class Tested(msgspec.Struct, frozen=True):
    id: UUID
    to: str


@bp.get("/admin/mail")
@admin_read()
@responds(Outbox, query=MailQuery)
def index() -> ResponseReturnValue:
    """List outgoing mails, newest first."""
    query = parse_query(MailQuery)
    rows = outbox.latest(db(), limit=PAGE + 1, before=query.before or None, state=query.state)
    found = Outbox(
        mails=[mail_of(mail) for mail in rows[:PAGE]], **outbox.states(db()), can_mail=current_app.config["CAN_MAIL"]
    )
    older = url_for("admin_mail.index", **older_than(query, rows)) if len(rows) > PAGE else None
    latest = url_for("admin_mail.index", state=query.state or None) if query.before else None
    return show(
        found,
        "admin/mail.html",
        outbox=found,
        chosen_state=query.state,
        kind_in_words=kind_in_words,
        older_href=older,
        latest_href=latest,
    )


def older_than(query: MailQuery, rows: Sequence[OutgoingMail]) -> dict[str, Any]:
    return {"state": query.state or None, "before": rows[PAGE - 1].created_at.isoformat()}


@bp.post("/admin/mail/<uuid:mail_id>/retry")
@change_without_fresh_login()
@responds(None, status=204, refuses=(404,))
def retry(principal: Principal, mail_id: UUID) -> ResponseReturnValue:
    """Retry a mail now."""
    mail = outbox.retry(db(), mail_id)
    if mail is None:
        raise Problem(404, _("Mail not found"), _("It does not exist or was already sent."))
    record(db(), Event.MAIL_RETRIED, actor_id=principal.user_id, mail_id=str(mail_id), kind=mail.kind, to=mail.to)
    return redirect_or_json(url_for("admin_mail.index"), _("The mail will be sent again now."))


@bp.post("/admin/mail/test")
@change_without_fresh_login()
@responds(Tested, status=202, refuses=(409,))
def test(principal: Principal) -> ResponseReturnValue:
    """Send a test mail to your own e-mail address."""
    user = user_queries.by_id(db(), principal.user_id)
    if user is None or user.email is None:
        raise Problem(
            409,
            _("Your account has no e-mail address"),
            _("Test mails go to your own e-mail address. Add one to your account first."),
        )
    mailer = service(Mailer)
    mail_id = mailer.send(db(), "test", user.email, user_id=user.id)
    return redirect_or_json(
        url_for("admin_mail.index"),
        _("A test mail to %(email)s is being sent. Reload this page to see the result.", email=user.email),
        Tested(mail_id, user.email),
        status=202,
    )


def mail_of(mail: OutgoingMail) -> Mail:
    return Mail(
        id=mail.id,
        kind=mail.kind,
        to=mail.to,
        state=mail.state,
        tries=mail.tries,
        created_at=mail.created_at,
        sent_at=mail.sent_at,
        due_at=mail.due_at,
        last_error=mail.last_error,
    )
