"""record_event(): an event of a plug-in, in the audit log. note_opening(): a request to a view with ``audit=True``."""

from collections.abc import Mapping
from contextlib import nullcontext
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import g, has_request_context, request

from webapp.audit.log import Event, record
from webapp.audit.sentences.declared import declared_event
from webapp.core.client_network import network_of
from webapp.core.ratelimit import Limit, Limiter
from webapp.guard.current import principal as current_caller
from webapp.guard.principal import Principal
from webapp.web.registry import service
from webapp.web.transaction import READS, database, db

MAX_DETAILS, MAX_LENGTH = 20, 200
MAX_NUMBER = 2**53
# Anonymous callers must not fill the table by requests to a public view.
OF_STRANGERS = Limit("event-noted", 60, timedelta(minutes=10), is_volatile=True)

Detail = str | int | float | bool | UUID | None


def record_event(name: str, /, *, about: UUID | None = None, **details: Detail) -> None:
    """Write an event of a plug-in to the audit log.

    In a GET or HEAD request it is written at once, else in the transaction of the request, so that a refused form
    leaves no event. Of GET requests without a login, at most 60 in 10 minutes are written per network.

    Args:
        name: of an event that was declared with ``declare_event``.
        about: id of the user whom it concerns, if that is not the caller, who is then the actor.
        details: at most 20 values for the placeholders of the sentence; of long texts the first 200 characters.

    Raises:
        LookupError: the event was not declared.
        Unavailable: the database is not available; the response is 503 unless the view catches it.
    """
    event = declared_event(name)
    caller, is_change = (current_caller(), request.method not in READS) if has_request_context() else (None, False)
    caller_id, credential_id = (caller.user_id, caller.credential_id) if caller else (None, None)
    written: dict[str, Any] = dict(
        user_id=about or caller_id,
        actor_id=caller_id if about not in (None, caller_id) else None,
        credential_id=credential_id,
        **bounded(details),
    )
    if is_change:
        record(db(), event, **written)
        return
    if caller is None and has_request_context() and not may_stranger_write():
        return
    with database().write() as own:
        record(own, event, **written)


def may_stranger_write() -> bool:
    return service(Limiter).take(OF_STRANGERS, network_of(request.remote_addr)).allowed


def note_opening(caller: Principal) -> None:
    """Record a request that is allowed, at once: also one whose view then fails was made.

    Raises:
        Unavailable: it cannot be recorded, so the view must not be called.
    """
    rule = request.url_rule.rule if request.url_rule else ""
    # By ``enforce`` in a view that has written already, another transaction would wait for its own request.
    is_writing = request.method not in READS and "db" in g
    with nullcontext(db()) if is_writing else database().write() as writing:
        record(
            writing,
            Event.PAGE_OPENED,
            user_id=caller.user_id,
            credential_id=caller.credential_id,
            method=request.method,
            route=rule[:MAX_LENGTH],
            arguments=bounded({name: str(value) for name, value in (request.view_args or {}).items()}),
            credential=caller.credential,
        )


def bounded(details: Mapping[str, Detail]) -> dict[str, Any]:
    """The first details, their texts cut: a plug-in may pass on what a client has sent."""
    return {name: bounded_value(details[name]) for name in list(details)[:MAX_DETAILS]}


def bounded_value(value: object) -> object:
    if value is None or isinstance(value, bool) or (isinstance(value, int) and abs(value) <= MAX_NUMBER):
        return value
    text = str(value)
    return text if len(text) <= MAX_LENGTH else f"{text[: MAX_LENGTH - 1]}…"
