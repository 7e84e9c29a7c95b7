"""parameters(): those of an authorization request, which a browser brings or which the client has pushed."""

from urllib.parse import parse_qs, quote, urlencode

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from webapp.core.translation import _
from webapp.oauth import pushed_requests
from webapp.oauth.client_errors import without_values
from webapp.oauth.models import PushedRequest
from webapp.oauth.request_errors import InvalidRedirect
from webapp.oauth.request_rules import Destination, Parameters, destination_of
from webapp.oauth.views.error_notes import note_error
from webapp.oauth.views.trial_login import trial_destination
from webapp.web.problems import Problem
from webapp.web.request_head import LONGEST_URL
from webapp.web.transaction import database

MOST_PARAMETERS = 50


def parameters(query: str) -> Parameters:
    if len(query) > LONGEST_URL:
        raise not_trusted(_("The request is too long."))
    try:
        return parse_qs(query, keep_blank_values=True, max_num_fields=MOST_PARAMETERS)
    except ValueError as error:
        raise not_trusted(_("The request has too many parameters.")) from error


def form_as_query(endpoint: str) -> ResponseReturnValue:
    """Redirect a form to the same request with GET, which a browser sends with its cookie."""
    query = urlencode(list(request.form.items(multi=True)), quote_via=quote)
    parameters(query)
    return redirect(f"{url_for(endpoint)}?{query}", 303)


def pushed_request(query_parameters: Parameters) -> PushedRequest | None:
    """The request that was pushed under this ``request_uri``; None for any other request.

    Raises:
        Problem: 400, it has expired, was used or is of another client.
    """
    uris, client_ids = query_parameters.get("request_uri", ()), query_parameters.get("client_id", ())
    if not any(uri.startswith(pushed_requests.PREFIX) for uri in uris):
        return None
    if len(uris) > 1 or len(client_ids) != 1:
        raise not_trusted(_("With a request_uri there must be one client_id, and nothing is sent more than once."))
    with database().read() as reading:
        found = pushed_requests.find(reading, client_ids[0], uris[0])
    if found is None:
        raise outdated()
    if found.opened_at is None:
        with database().write() as writing:
            pushed_requests.keep_for_login(writing, found)
    return found


def as_pushed(pushed: PushedRequest, query_parameters: Parameters) -> Parameters:
    """The parameters of a pushed request. What the browser sends besides counts for nothing (RFC 9101 §5).

    A request object is refused by name, so it is kept.
    """
    return dict(parameters(pushed.query)) | {
        name: query_parameters[name] for name in ("request",) if name in query_parameters
    }


def outdated() -> Problem:
    return not_trusted(_("The request has expired or was used before. Start again in the app."))


def trusted(reading: Session, request_parameters: Parameters) -> Destination:
    try:
        return destination_of(reading, request_parameters)
    except InvalidRedirect as error:
        if (destination := trial_destination(reading, request_parameters)) is not None:
            return destination
        if error.client_id is not None:
            note_error(error.client_id, "redirect_uri", without_values(error.redirect_uri))
        raise not_trusted(str(error)) from error


def not_trusted(reason: str) -> Problem:
    return Problem(
        400,
        _("The app's request is not valid"),
        _("%(reason)s You were not sent back, because it is not certain whose request it is.", reason=reason),
        extra={"error": "invalid_request"},
    )
