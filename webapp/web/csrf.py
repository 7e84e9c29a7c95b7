"""CSRF checks: CSRF token, double submit, Sec-Fetch-Site and Origin; whose page a form was sent from."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from uuid import UUID

from flask import Flask, current_app, g, request, session
from flask_wtf.csrf import generate_csrf, validate_csrf
from itsdangerous import BadData, URLSafeTimedSerializer
from wtforms import ValidationError

from webapp.core.digests import constant_time_equal, new_secret
from webapp.core.translation import _, _l
from webapp.web.body import submitted
from webapp.web.canonical_url import BaseUrl
from webapp.web.problems import Problem
from webapp.web.registry import service
from webapp.web.transaction import READS

SESSION_KEY = "csrf_token"
"""Key of the CSRF value in the session, and name of the form field; Flask-WTF's default for both."""
SALT = "wtf-csrf-token"
"""Flask-WTF's salt of CSRF tokens."""
WHAT_TO_ADD = _l(
    "For the developer: write {{ csrf() }} from _macros/forms.html into the form, or send the value of "
    "{{ csrf_token() }} as the field csrf_token or the header X-CSRF-Token. A request with a token in the "
    "Authorization header needs neither."
)
LONGEST_OPEN = timedelta(days=30)
"""For how long ``page_owner`` accepts the CSRF token of a page."""


def is_change(method: str) -> bool:
    """Whether ``method`` is not one of the safe methods (RFC 9110 §9.2.1)."""
    return method not in READS


def check() -> None:
    """Check the CSRF token, from ``X-CSRF-Token`` or the field ``csrf_token``, and the origin of the request.

    Raises:
        Problem: 403 ``csrf_failed``.
    """
    refuse_cross_site()
    if not sent_token():
        raise refusal(_("Its CSRF token is missing."), hint=WHAT_TO_ADD)
    if not has_valid_token():
        raise refusal(_("Its CSRF token belongs to another session."))


def check_anonymous() -> None:
    """As ``check`` for a form of somebody who is not logged in, such as the login form.

    A request that the browser reports as same-origin is accepted without a CSRF token, so that the form works however
    old it is, and after another tab or a new secret key has changed the session. Otherwise the CSRF token decides
    (login CSRF).

    Raises:
        Problem: 403 ``csrf_failed``.
    """
    if not is_same_origin():
        check()


def has_valid_token() -> bool:
    """Whether the CSRF token is that of this session, signed with the current or a former secret key."""
    return any(is_valid(sent_token(), key) for key in secret_keys())


def sent_token() -> str:
    return request.headers.get("X-CSRF-Token") or submitted().get(SESSION_KEY) or ""


def is_valid(token: str, key: str) -> bool:
    try:
        validate_csrf(token, key)
    except ValidationError:
        return False
    return True


def page_owner() -> UUID | None:
    """The user who was logged in when the page was made that sent this form; None if unknown or sent by another site.

    Not sufficient to change anything: it decides only whether the form is saved or offered again.
    """
    if not is_same_site():
        return None
    for key in secret_keys():
        try:
            value = URLSafeTimedSerializer(key, salt=SALT).loads(
                sent_token(), max_age=int(LONGEST_OPEN.total_seconds())
            )
            return UUID(hex=value.partition(".")[0])
        except (BadData, AttributeError, ValueError):
            continue
    return None


def renew_value(user_id: UUID) -> None:
    """Give a new session its CSRF value, which names its user. The tokens of the session before stop working."""
    session[SESSION_KEY] = f"{user_id.hex}.{new_secret()}"
    # The token that was made from the former value.
    g.pop(SESSION_KEY, None)


def secret_keys() -> Iterator[str]:
    """The current secret key, then the former ones."""
    yield current_app.config["SECRET_KEY"]
    yield from current_app.config["SECRET_KEY_FALLBACKS"]


def check_double_submit(cookie: str, expected: Sequence[str]) -> None:
    """Check a request authenticated by a token in a cookie: it must repeat the CSRF cookie, in a header or field.

    Args:
        cookie: name of the CSRF cookie.
        expected: the values that belong to this token, by each secret key.

    Raises:
        Problem: 403 ``csrf_failed``.
    """
    refuse_cross_site()
    repeated, cookie_value = sent_token(), request.cookies.get(cookie, "")
    if not any(constant_time_equal(repeated, value) and constant_time_equal(cookie_value, value) for value in expected):
        raise refusal(_("X-CSRF-Token does not repeat the cookie %(cookie)s.", cookie=cookie))


def refuse_cross_site() -> None:
    """Check only the origin of the request.

    Raises:
        Problem: 403 ``csrf_failed``.
    """
    if is_same_site():
        return
    origin, base = request.headers.get("Origin", ""), service(BaseUrl)
    if is_other_scheme_or_port(origin, base):
        raise refusal(_("You opened it at %(origin)s, but this site is at %(url)s.", origin=origin, url=base.url))
    raise refusal(_("It was sent from another site."))


def is_other_scheme_or_port(origin: str, base: BaseUrl) -> bool:
    """Whether a page was opened at this host, but not at the base URL: there, no form can work."""
    host = base.host.rpartition(":")[0] or base.host
    names = {f"{scheme}://{name}" for scheme in ("http", "https") for name in (host, base.host, request.host)}
    return origin != base.origin and (origin in names or origin.rpartition(":")[0] in names)


def is_same_site() -> bool:
    """Whether the browser does not report another site as the sender (Fetch Metadata §2.4, RFC 6454 §7).

    From ``Sec-Fetch-Site`` if the browser sends it, else ``Origin``; with neither, only the CSRF token decides.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("Origin")
    return origin is None or is_of_this_site(origin)


def is_same_origin() -> bool:
    """Whether the browser reports a page of this origin as the sender: no header contradicts, and one says so.

    ``Sec-Fetch-Site: none`` does not say so: it stands for something outside of any page, such as an extension.
    """
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    is_claimed = site == "same-origin" or (site is None and origin is not None)
    return is_claimed and (origin is None or is_of_this_site(origin))


def is_of_this_site(origin: str) -> bool:
    # Compared as strings, so that no difference between URL parsers matters; http and https are different sites.
    base = service(BaseUrl)
    return origin in (base.origin, f"{base.scheme}://{request.host}")


def refusal(reason: str, *, hint: str = "") -> Problem:
    """The 403 problem ``csrf_failed``.

    Args:
        hint: for the developer of the page; shown in debug mode only.
    """
    detail = _("%(reason)s Reload the page and send the form again. Nothing was changed.", reason=reason)
    if hint and current_app.debug:
        detail = f"{detail} {hint}"
    return Problem(403, _("This form has expired"), detail, code="csrf_failed")


def init_app(app: Flask) -> None:
    # No time limit: the token works as long as the session whose CSRF value it holds.
    app.config |= {"WTF_CSRF_CHECK_DEFAULT": False, "WTF_CSRF_SSL_STRICT": False, "WTF_CSRF_TIME_LIMIT": None}
    app.jinja_env.globals["csrf_token"] = generate_csrf
