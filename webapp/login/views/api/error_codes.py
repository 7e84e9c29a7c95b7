"""The registered ``error`` of every refusal of /api/auth (RFC 6749 §5.2), beside our own ``code``."""

import json
import re
from typing import Any

from flask import Response, request
from werkzeug.exceptions import MethodNotAllowed

from webapp.web.problems import from_http

PROBLEM = "application/problem+json"
EXCHANGE = "api_auth.exchange"
NAMED = re.compile(r'\berror="([a-z_]+)"')

BY_CODE: dict[str, str] = {
    # Password, code and refresh token are grants (RFC 6749 §1.3).
    "credentials_invalid": "invalid_grant",
    "mfa_required": "invalid_grant",
    "refresh_invalid": "invalid_grant",
    "refresh_reused": "invalid_grant",
    "csrf_failed": "invalid_request",
    "throttled": "temporarily_unavailable",
}
# A 401 whose challenge has no error: the request had no credential. 403: the account may not log in.
BY_STATUS = {401: "invalid_client", 403: "invalid_grant", 429: "temporarily_unavailable"}


def with_error(response: Response) -> Response:
    """After-request hook: add ``error`` to problem details that have none."""
    if not 400 <= response.status_code < 500 or response.mimetype != PROBLEM:
        return response
    body = json.loads(response.get_data())
    if "error" not in body:
        response.set_data(json.dumps(body | {"error": error_of(response, body)}))
    return response


def error_of(response: Response, body: dict[str, Any]) -> str:
    """The registered error code of a refusal.

    Args:
        body: the problem details, with their ``code``.

    Returns:
        The error of the challenge, else what RFC 6749 §5.2 has for the code or the status.
    """
    challenge = NAMED.search(response.headers.get("WWW-Authenticate", ""))
    challenge_error = challenge[1] if challenge else None
    if request.endpoint == EXCHANGE and str(body.get("code")).startswith("token_"):
        # RFC 8693 §2.2.2: an invalid subject token makes the request invalid.
        return challenge_error if challenge_error == "invalid_dpop_proof" else "invalid_request"
    return (
        challenge_error or BY_CODE.get(str(body.get("code"))) or BY_STATUS.get(response.status_code, "invalid_request")
    )


def method_not_allowed(error: MethodNotAllowed) -> Response:
    """A 405 has no endpoint, so requests to the API are recognised by their path."""
    response = from_http(error)
    return with_error(response) if request.path.startswith("/api/auth") else response
