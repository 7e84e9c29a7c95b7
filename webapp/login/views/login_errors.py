"""Problems of failed logins, for pages and the API."""

from datetime import datetime, timedelta
from math import ceil

from flask import Response, current_app, request, url_for

from webapp.accounts.passwords import TooBusy
from webapp.accounts.provisioning import NoAccountPossible
from webapp.core.translation import _, _l, _n
from webapp.login.password_backends import Unreachable
from webapp.mfa.factors import Factors
from webapp.web.bearer import realm
from webapp.web.problem_kinds import kind_of
from webapp.web.problems import Action, Problem, problem_response
from webapp.web.templating import day

CREDENTIALS_INVALID = _l("Wrong user name or password. Try again.")

APP_UNREADABLE = _l(
    "Your authenticator app can't be checked here, because this site cannot read its secret. Use a passkey or a "
    "recovery code, or ask your administrator."
)

COOKIES_BLOCKED = _l("Your browser blocks cookies for this site. Allow them, and log in again.")


def sends_cookies() -> bool:
    """Whether the browser sent any cookie; the login page always sets one."""
    return "HTTP_COOKIE" in request.environ


def credentials_invalid() -> Problem:
    return Problem(
        401,
        _("Wrong user name or password"),
        CREDENTIALS_INVALID,
        code="credentials_invalid",
        headers={"WWW-Authenticate": realm()},
    )


def session_ended() -> Problem:
    """The session ended while its user was re-authenticating."""
    kind = kind_of("session_ended")
    headers = {"WWW-Authenticate": realm()}
    return Problem(401, kind.title, kind.detail, code="session_ended", headers=headers)


def mfa_required(found: Factors, second_step_url: str | None = None) -> Problem:
    """Problem 401: a second factor is required.

    Args:
        found: factors of the user, to name those that can be used.
        second_step_url: path of the second step, if a cookie holds the pending login.
    """
    kinds = {"totp": found.has_totp, "passkey": found.passkeys > 0, "recovery_code": found.codes > 0}
    advice = (
        _("Send code to next_step: the 6-digit code from the authenticator app, or a recovery code.")
        if second_step_url
        else _(
            "Send code with the password: the 6-digit code from the authenticator app, or a recovery code. "
            "Or use an API token."
        )
    )
    if not found.has_second:
        advice = _("Set one up in a browser first.")
    elif found.passkeys and not found.has_totp and not found.codes:
        advice = _("A script cannot use a passkey. Create a token in a browser.")
    fix = current_app.config["ORIGIN"] + url_for("tokens.new")
    return Problem(
        401,
        _("A second factor is required"),
        _("The password is correct. %(advice)s", advice=advice),
        code="mfa_required",
        extra={"required": [kind for kind, is_there in kinds.items() if is_there]}
        | ({"next_step": second_step_url} if second_step_url else {"fix": fix}),
        headers={"WWW-Authenticate": realm()},
    )


def code_invalid() -> Problem:
    return Problem(
        401,
        _("Wrong code"),
        _("It is wrong, or it was already used. Send the next one."),
        code="credentials_invalid",
        headers={"WWW-Authenticate": realm()},
    )


def app_unreadable() -> Problem:
    return Problem(503, _("Authenticator app can't be checked"), APP_UNREADABLE)


def unverified() -> Problem:
    return Problem(
        403,
        _("Verify your e-mail address first"),
        _("Open the link in the mail you got when you registered. To get a new one, log in with a browser."),
    )


def closed(closes_at: datetime) -> Problem:
    """Problem: the account is closed. Shown only after the right password, so that it hides who has an account."""
    return Problem(
        403,
        _("This account is closed"),
        _("It will be deleted on %(date)s. To keep it, log in with a browser before then.", date=day(closes_at)),
    )


def too_busy(_error: TooBusy) -> Response:
    """Problem 503: too many logins wait for a hash in this process."""
    problem = Problem(503, _l("Too many logins at once"), _l("The site is busy. Try again in a moment."))
    problem.headers = {"Retry-After": "1"}
    return problem_response(problem)


def unreachable(_error: Unreachable) -> Response:
    problem = Problem(
        503,
        _l("Your password can't be checked right now"),
        _l("The identity provider is not responding. Try again in a minute."),
    )
    problem.headers = {"Retry-After": "60"}
    return problem_response(problem)


def password_managed_elsewhere() -> Problem:
    return Problem(
        409,
        _("Your organisation manages your password"),
        _("Change it there. The new password then works here too."),
        actions=[Action(_("Back to security"), url_for("account.security"))],
    )


def no_password() -> Problem:
    return Problem(
        409,
        _("You have no password"),
        _("You log in without one. To set a password, request a link by e-mail."),
        actions=[
            Action(_("Request a link"), url_for("recovery.forgotten")),
            Action(_("Back to security"), url_for("account.security")),
        ],
    )


def no_account_possible(error: NoAccountPossible) -> Response:
    detail = _("%(reason)s Ask your administrator.", reason=error)
    return problem_response(Problem(403, _("This account can't be used here"), detail))


def codes_locked(retry_after: timedelta) -> Problem:
    """Problem: codes are locked. Shown only after the right password, so that it hides who has an account."""
    problem = throttled(retry_after)
    problem.title = _("Codes from your authenticator app are locked")
    problem.detail = _(
        "Too many wrong codes were entered in a row. Use a passkey or a recovery code. To unlock your "
        "authenticator app, set a new "
        "password or ask your administrator."
    )
    problem.actions = (Action(_("Set a new password"), url_for("recovery.forgotten")),)
    return problem


def throttled(retry_after: timedelta) -> Problem:
    seconds = max(1, ceil(retry_after.total_seconds()))
    return Problem(
        429,
        _("Too many attempts"),
        when_to_come_back(seconds),
        code="throttled",
        headers={"Retry-After": str(seconds)},
    )


def when_to_come_back(seconds: int) -> str:
    if seconds <= 5:
        return _("Try again in a few seconds. What you just entered was not checked.")
    return _n(
        "Try again in %(num)s minute. What you just entered was not checked.",
        "Try again in %(num)s minutes. What you just entered was not checked.",
        ceil(seconds / 60),
    )
