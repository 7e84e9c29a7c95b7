"""note_error(): keeps an error of a client for the page of the app, after the response."""

from uuid import UUID

from flask import request

from webapp.oauth import clients
from webapp.oauth.client_errors import BY_REASON, ClientErrorLog, kind_of
from webapp.web.after_response import after_response
from webapp.web.registry import service
from webapp.web.transaction import database


def note_error(client_id: UUID, kind: str, detail: str = "") -> None:
    log = service(ClientErrorLog)
    if log.is_due(client_id, kind):
        after_response(lambda: log.write(client_id, kind, detail))


def note_refusal(client_id: UUID, error: str, description: str) -> None:
    """Keep an OAuth error, unless it is no fault of the app."""
    if (kind := kind_of(error, description, request.form.get("grant_type", ""))) is not None:
        note_error(client_id, kind, description)


def note_unauthenticated(client_id: str, reason: str) -> None:
    """Keep that somebody could not authenticate as the client with this ``client_id``, if there is such a client."""
    with database().read() as db:
        client = clients.find(db, client_id)
    if client is not None:
        note_error(client.id, BY_REASON.get(reason, "other"), reason)
