"""Responses to form posts: redirect_or_json() after a change, refuse_form() for a form with errors."""

from collections.abc import Callable

import msgspec
from flask import Response, current_app, flash, redirect
from flask.typing import ResponseReturnValue

from webapp.web.form import Form
from webapp.web.negotiation import as_json, wants_page
from webapp.web.problems import Problem


def redirect_or_json(
    url: str, message: str | None = None, answer: msgspec.Struct | None = None, *, status: int | None = None
) -> Response:
    """Respond to a successful change: people are redirected and see ``message``; scripts get ``answer`` as JSON.

    ``wants_page`` decides which of them is calling. No message is stored for a script.

    Args:
        url: page to redirect to, with 303 See Other (RFC 9110 §15.4.4).
        message: shown once, on the next page.
        answer: the JSON body.
        status: of the response to a script; None for 200, or 204 without ``answer``.
    """
    if not wants_page():
        return as_json(answer, status=status or 200) if answer is not None else Response(status=status or 204)
    if message is not None:
        flash(str(message), "ok")
    return current_app.make_response(redirect(url, 303))


def refuse_form(form: Form, page: Callable[[], ResponseReturnValue], *, problem: Problem | None = None) -> Response:
    """Respond to a form with errors: people see the page with the form again; scripts get a problem.

    Args:
        page: makes the page; not called for scripts.
        problem: what scripts get instead of the field errors of ``form``.

    Returns:
        The page with status 422 (RFC 9110 §15.5.21).

    Raises:
        Problem: the caller is a script.
    """
    if not wants_page():
        raise problem or form.refused()
    response = current_app.make_response(page())
    response.status_code = 422
    return response
