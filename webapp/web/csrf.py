"""CSRF checks for requests authenticated by a cookie: CSRF token, double submit, Sec-Fetch-Site and Origin."""

from datetime import timedelta

from flask import Flask, current_app, request
from flask_wtf.csrf import generate_csrf, validate_csrf
from wtforms import ValidationError

from webapp.core.digests import same
from webapp.core.translation import _
from webapp.web.body import submitted
from webapp.web.problems import Problem
from webapp.web.transaction import READS

LONGEST_OPEN = timedelta(days=30)
"""For how long ``is_from_own_page`` accepts the CSRF token of a page."""


def is_change(method: str) -> bool:
    """Whether ``method`` is not one of the safe methods (RFC 9110 §9.2.1)."""
    return method not in READS


def check() -> None:
    """Check the CSRF token, from ``X-CSRF-Token`` or the field ``csrf_token``, and the origin of the request.

    Raises:
        Problem: 403 ``csrf_failed``.
    """
    refuse_cross_site()
    try:
        validate_csrf(request.headers.get("X-CSRF-Token") or submitted().get("csrf_token"))
    except ValidationError as error:
        raise refusal(str(error)) from error


def is_from_own_page() -> bool:
    """Whether the form comes from a page of this site in this browser, even if its session has ended since.

    Not sufficient to change anything: it decides only whether the form is saved until the user has logged in.
    """
    sent = request.headers.get("X-CSRF-Token") or submitted().get("csrf_token")
    try:
        validate_csrf(sent, time_limit=int(LONGEST_OPEN.total_seconds()))
    except ValidationError:
        return False
    return is_same_site()


def check_double_submit(cookie: str, expected: str) -> None:
    """Check a request authenticated by a token in a cookie: it must repeat the CSRF cookie, in a header or field.

    Args:
        cookie: name of the CSRF cookie.
        expected: the value that belongs to this token.

    Raises:
        Problem: 403 ``csrf_failed``.
    """
    refuse_cross_site()
    repeated = request.headers.get("X-CSRF-Token") or submitted().get("csrf_token") or ""
    if not (same(repeated, expected) and same(request.cookies.get(cookie, ""), expected)):
        raise refusal(_("X-CSRF-Token does not repeat the cookie %(cookie)s.", cookie=cookie))


def refuse_cross_site() -> None:
    """Check only the origin of the request.

    Raises:
        Problem: 403 ``csrf_failed``.
    """
    if not is_same_site():
        raise refusal(_("It was sent from another site."))


def is_same_site() -> bool:
    """Whether the browser does not report another site as the sender (Fetch Metadata §2.4, RFC 6454 §7).

    From ``Sec-Fetch-Site`` if the browser sends it, else ``Origin``; with neither, only the CSRF token decides.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("Origin")
    # Compared as strings, so that no difference between URL parsers matters; http and https are different sites.
    base_url: str = current_app.config["BASE_URL"]
    return origin in (None, base_url, f"{base_url.partition(':')[0]}://{request.host}")


def refusal(reason: str) -> Problem:
    """The 403 problem ``csrf_failed``."""
    return Problem(
        403,
        _("This form has expired"),
        _("%(reason)s Reload the page and send the form again. Nothing was changed.", reason=reason),
        code="csrf_failed",
    )


def init_app(app: Flask) -> None:
    app.config |= {"WTF_CSRF_CHECK_DEFAULT": False, "WTF_CSRF_SSL_STRICT": False, "WTF_CSRF_TIME_LIMIT": 12 * 3600}
    app.jinja_env.globals["csrf_token"] = generate_csrf
