"""What a login that fails is told, by page and by API alike."""

from datetime import datetime, timedelta
from math import ceil

from flask import Response, current_app, url_for

from webapp.accounts.passwords import TooBusy
from webapp.accounts.provisioning import NoAccountPossible
from webapp.login.external_identity import Unreachable
from webapp.mfa.factors import Factors
from webapp.web.bearer import realm
from webapp.web.problem_kinds import kind_of
from webapp.web.problems import Action, Problem, answer

CREDENTIALS_INVALID = "That name and password do not go together. Try again."


def credentials_invalid() -> Problem:
    return Problem(
        401,
        "Name and password do not go together",
        CREDENTIALS_INVALID,
        code="credentials_invalid",
        headers={"WWW-Authenticate": realm()},
    )


def session_ended() -> Problem:
    """Between the guard's question and the proof."""
    kind = kind_of("session_ended")
    headers = {"WWW-Authenticate": realm()}
    return Problem(401, kind.title, f"{kind.meaning} {kind.repair}", code="session_ended", headers=headers)


def mfa_required(found: Factors, where: str | None = None) -> Problem:
    """
    Args:
        where: the address of the second step, where the first is remembered by a cookie.
    """
    kinds = {"totp": found.has_totp, "passkey": found.passkeys > 0, "recovery_code": found.codes > 0}
    advice = (
        "Send code to next_step: six digits of the authenticator app, or a recovery code."
        if where
        else "Send code beside the password: six digits of the authenticator app, or a recovery code. Or make a token."
    )
    if not found.has_second:
        advice = "Set one up in a browser first; until then nothing else opens."
    elif found.passkeys and not found.has_totp and not found.codes:
        advice = "A script cannot show a passkey: make a token in a browser."
    fix = current_app.config["BASE_URL"] + url_for("tokens.new")
    return Problem(
        401,
        "A second factor is needed",
        f"The password is right, and not enough. {advice}",
        code="mfa_required",
        extra={"required": [kind for kind, is_there in kinds.items() if is_there]}
        | ({"next_step": where} if where else {"fix": fix}),
        headers={"WWW-Authenticate": realm()},
    )


def code_invalid() -> Problem:
    return Problem(
        401,
        "That code does not fit",
        "It is another one, or was used before. Send the next.",
        code="credentials_invalid",
        headers={"WWW-Authenticate": realm()},
    )


def unverified() -> Problem:
    return Problem(
        403,
        "Verify your address first",
        "A mail went there when the account was made; its link opens it. Log in with a browser to have it sent again.",
    )


def closed(closes_at: datetime) -> Problem:
    """Said after the right password alone, so that strangers learn nothing by it."""
    return Problem(
        403,
        "This account is closed",
        f"Its owner closed it; it is deleted on {closes_at:%d %B %Y}. Until then, log in with a browser to keep it.",
    )


def too_busy(_: TooBusy) -> Response:
    """More passwords wait to be hashed than this process has patience for."""
    problem = Problem(503, "Too many logins at once", "Nothing is wrong with yours. Try again in a moment.")
    problem.headers = {"Retry-After": "1"}
    return answer(problem)


def unreachable(_: Unreachable) -> Response:
    problem = Problem(
        503,
        "Your password cannot be compared now",
        "Whoever keeps it does not answer. Nothing is wrong with what you typed. Try again in a minute.",
    )
    problem.headers = {"Retry-After": "60"}
    return answer(problem)


def kept_elsewhere() -> Problem:
    return Problem(
        409,
        "Your password is not kept here",
        "You log in with the one that your organisation keeps. Change it there; here it counts from then on.",
        actions=[Action("Back to security", url_for("account.security"))],
    )


def no_password() -> Problem:
    return Problem(
        409,
        "You have no password",
        "Your passkeys are the way in. To have a password again, ask for a link to your address and set one by it.",
        actions=[
            Action("Ask for a link", url_for("recovery.forgotten")),
            Action("Back to security", url_for("account.security")),
        ],
    )


def no_place(error: NoAccountPossible) -> Response:
    return answer(Problem(403, "There is no place for this account", f"{error} Ask whoever runs this house."))


def codes_locked(retry_after: timedelta) -> Problem:
    """Said after the right password alone, so that strangers learn nothing by it."""
    problem = throttled(retry_after)
    problem.title = "Codes from the app are locked"
    problem.detail = (
        "Too many wrong codes were typed in a row. A passkey or a recovery code still works. "
        "A new password, or your administrator, unlocks the app."
    )
    problem.actions = (Action("Set a new password", url_for("recovery.forgotten")),)
    return problem


def throttled(retry_after: timedelta) -> Problem:
    seconds = max(1, ceil(retry_after.total_seconds()))
    minutes = ceil(seconds / 60)
    return Problem(
        429,
        "Too many tries",
        f"The door opens again in {minutes} minute{'s' if minutes > 1 else ''}. Nobody looked at what you just typed.",
        code="throttled",
        headers={"Retry-After": str(seconds)},
    )
