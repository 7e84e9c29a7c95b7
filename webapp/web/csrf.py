"""A CSRF token for every change that comes with a cookie; judged here and nowhere else."""

from datetime import timedelta

from flask import Flask, current_app, request
from flask_wtf.csrf import generate_csrf, validate_csrf
from wtforms import ValidationError

from webapp.core.digests import same
from webapp.core.translation import _
from webapp.web.body import submitted
from webapp.web.problems import Problem
from webapp.web.transaction import READS

# A page may have been open for so long when its session is found to be over.
LONGEST_OPEN = timedelta(days=30)


def is_change(method: str) -> bool:
    """Whatever is not known to be safe (RFC 9110 §9.2.1) may change something."""
    return method not in READS


def check() -> None:
    """Let a change through only if it came from a page of ours.

    Raises:
        Problem: 403 ``csrf_failed``.
    """
    refuse_cross_site()
    try:
        validate_csrf(request.headers.get("X-CSRF-Token") or submitted().get("csrf_token"))
    except ValidationError as error:
        raise refusal(str(error)) from error


def is_from_a_page_of_ours() -> bool:
    """Whether a page of ours was filled in with this very cookie, however long ago: not enough to change anything."""
    sent = request.headers.get("X-CSRF-Token") or submitted().get("csrf_token")
    try:
        validate_csrf(sent, time_limit=int(LONGEST_OPEN.total_seconds()))
    except ValidationError:
        return False
    return is_same_site()


def check_double_submit(cookie: str, expected: str) -> None:
    """Let a change by a token in a cookie through only if it repeats the value beside it, which is of this very token.

    Raises:
        Problem: 403 ``csrf_failed``.
    """
    refuse_cross_site()
    repeated = request.headers.get("X-CSRF-Token") or submitted().get("csrf_token") or ""
    if not (same(repeated, expected) and same(request.cookies.get(cookie, ""), expected)):
        raise refusal(_("X-CSRF-Token does not repeat the cookie %(cookie)s.", cookie=cookie))


def refuse_cross_site() -> None:
    if not is_same_site():
        raise refusal(_("It was sent from another site."))


def is_same_site() -> bool:
    """As the browser tells it; whoever tells nothing is judged by the token alone (Fetch Metadata, RFC 6454 §7)."""
    told = request.headers.get("Sec-Fetch-Site")
    if told is not None:
        return told in ("same-origin", "none")
    origin = request.headers.get("Origin")
    # As strings and with the scheme of ours: http is another site than https, and parsing is where readings differ.
    base_url: str = current_app.config["BASE_URL"]
    return origin in (None, base_url, f"{base_url.partition(':')[0]}://{request.host}")


def refusal(reason: str) -> Problem:
    return Problem(
        403,
        _("This form has expired"),
        _("%(reason)s Reload the page and send the form again. Nothing was changed.", reason=reason),
        code="csrf_failed",
    )


def init_app(app: Flask) -> None:
    app.config |= {"WTF_CSRF_CHECK_DEFAULT": False, "WTF_CSRF_SSL_STRICT": False, "WTF_CSRF_TIME_LIMIT": 12 * 3600}
    app.jinja_env.globals["csrf_token"] = generate_csrf
