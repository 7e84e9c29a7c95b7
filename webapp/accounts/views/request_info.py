"""What the views of this package share: circumstances of a request, rate limits, checks of fields, services."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from math import ceil

from flask import current_app, request
from wtforms import Field

from webapp.accounts.mail_requests import AnsweredByMail, MailRequester, MailRequests, requester_of
from webapp.accounts.names import InvalidEmail, InvalidUserName, checked_email, checked_name
from webapp.accounts.notices import RequestOrigin
from webapp.accounts.passwords import Passwords, RefusedPassword
from webapp.accounts.roles import included_in
from webapp.core.client_network import network_of
from webapp.core.clock import now
from webapp.core.digests import new_secret
from webapp.core.ratelimit import Limit, Limiter
from webapp.core.translation import _
from webapp.mail.mailer import Mailer
from webapp.sessions.user_agents import device_name
from webapp.web import after_response
from webapp.web.body import submitted
from webapp.web.problems import Problem
from webapp.web.registry import service
from webapp.web.transaction import database, db

HOUR = timedelta(hours=1)
# What one network may request without a login: links, registrations, estimates.
REQUESTED = Limit("mail-request", 30, HOUR)
# Above what typing a password causes.
ESTIMATED = Limit("estimate-asked", 300, timedelta(minutes=10), is_volatile=True)
TRIED = Limit("verify-tried", 10, timedelta(minutes=15))
# A link sets one password, but each concurrent request with it hashes a password.
RESET_TRIED = Limit("reset-tried", 10, timedelta(minutes=15))


def current_circumstances() -> RequestOrigin:
    """Time, IP address and device of the current request."""
    return RequestOrigin(now(), request.remote_addr, device_name(request.headers.get("User-Agent", "")))


def enforce_limit(limit: Limit, *keys: str) -> None:
    """Count a request against a rate limit, for each of the keys.

    Raises:
        Problem: 429 if the limit is reached.
    """
    result = limiter().take_unless_over(limit, *(keys or (network_of(request.remote_addr),)))
    if result.allowed:
        return
    seconds = max(1, ceil(result.retry_after.total_seconds()))
    raise Problem(
        429,
        _("Too many attempts"),
        _("Wait a little and try again. What you just entered was not checked."),
        code="throttled",
        headers={"Retry-After": str(seconds)},
    )


def current_requester() -> MailRequester:
    return requester_of(request.remote_addr, request.headers.get("User-Agent", ""))


def answer_by_mail(mail_request: AnsweredByMail) -> None:
    """Store a request with the response, and carry it out after that, so that its time shows nothing of an account."""
    requests = service(MailRequests)
    carry_out = partial(requests.carry_out, requests.accept(db(), mail_request))
    after_response.after_response_in_context(carry_out)


def check_password(field: Field, *, name: str = "", email: str = "", roles: Sequence[str] = ()) -> None:
    """Validate a new password. If it is not accepted, its field gets an error with the reason."""
    site_name = current_app.config["SITE_NAME"]
    try:
        passwords().check(field.data or "", username=name, email=email, site_name=site_name, roles=roles)
    except RefusedPassword as error:
        field.errors = [str(error)]


def password_hint(roles: Sequence[str]) -> str:
    """The help text of a field for a new password."""
    least = passwords().least_for(roles)
    return _("At least %(least)s characters. A few random words are easy to remember.", least=least)


def roles_of(role: str) -> tuple[str, ...]:
    """All roles that a role includes. Read in its own transaction, because a password is hashed afterwards."""
    with database().read() as reading:
        return included_in(reading, role)


def check_name(field: Field) -> None:
    """Add an error to the field if the user name is not accepted."""
    try:
        checked_name(field.data or "")
    except InvalidUserName as error:
        field.errors = [str(error)]


def check_email(field: Field) -> None:
    """Add an error to the field if the e-mail address is not accepted."""
    try:
        checked_email(field.data or "")
    except InvalidEmail as error:
        field.errors = [str(error)]


def link_problem(detail: str) -> Problem:
    """Problem 404 for a link that does not work, or that the browser did not keep in its cookie."""
    has_link = "secret" in (request.view_args or {}) or (request.method == "POST" and "link" in submitted())
    if "HTTP_COOKIE" not in request.environ and not has_link:
        sentence = _(
            "So this site does not know which link you opened. Allow cookies for this site, and open the link again."
        )
        return Problem(404, _("Your browser sent no cookie"), sentence)
    return Problem(404, _("This link no longer works"), detail)


def random_password_hash() -> str:
    """Hash of a random password: the account has no working password until its user sets one."""
    return passwords().hash(new_secret())


def passwords() -> Passwords:
    return service(Passwords)


def limiter() -> Limiter:
    return service(Limiter)


def mailer() -> Mailer:
    return service(Mailer)
