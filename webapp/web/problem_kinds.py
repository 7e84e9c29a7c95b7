"""Every kind of problem: its words, and the page behind its ``type``."""

from http import HTTPStatus

import msgspec

from webapp.web.problem_codes import ProblemCode

WORDS = {
    400: ("Bad request", "The request is malformed. Nothing was changed."),
    401: ("Log in first", "You need to log in to open this page."),
    403: (
        "You don't have access to this page",
        "Your account doesn't have the required permission. Ask your administrator if you need access.",
    ),
    404: ("Page not found", "The URL is wrong, or the page no longer exists."),
    405: ("Method not allowed", "This URL exists but does not support this HTTP method."),
    408: ("The request took too long", "It did not arrive completely in time. Nothing was changed. Try again."),
    409: ("This was already done", "It conflicts with what is there now. Nothing was changed."),
    413: ("The request is too large", "It is larger than this site accepts. Nothing was changed."),
    415: ("Content type not supported", "Send a form, or a JSON object. Nothing was changed."),
    422: ("Some fields need to be corrected", "Each field shows what is wrong. Nothing was changed."),
    429: ("Too many attempts", "Wait a little and try again."),
    414: ("The URL is too long", "A URL has at most 8 kB. Nothing was read."),
    431: ("The headers are too large", "The headers may have at most 8 kB in total."),
    500: (
        "Something went wrong",
        "This is an error on our side. Nothing was changed. Give the number below to your administrator.",
    ),
    501: (
        "Not supported",
        "This site does not support the method or the Transfer-Encoding. Methods are case-sensitive.",
    ),
    503: (
        "Temporarily unavailable",
        "The database is not available at the moment. Nothing was changed. Try again in a few seconds.",
    ),
}


class ProblemKind(msgspec.Struct, frozen=True):
    """What a problem's ``type`` leads to."""

    slug: str
    title: str
    status: int
    meaning: str
    repair: str


# RFC 9110's names; Python's own changed with it, and a problem's address may not.
PHRASES = {413: "Content Too Large", 422: "Unprocessable Content"}


def phrase_of(status: int) -> str:
    return PHRASES.get(status) or HTTPStatus(status).phrase


def slug_of(code: ProblemCode | None, status: int) -> str:
    return code.replace("_", "-") if code else phrase_of(status).lower().replace(" ", "-")


GUARD_KINDS = (
    ProblemKind(
        "token-missing",
        "Log in or send a token",
        401,
        "This endpoint needs a login or a token.",
        "Log in with a browser or send `Authorization: Bearer TOKEN`.",
    ),
    ProblemKind(
        "token-expired",
        "The token has expired",
        401,
        "The expiry time of the token has passed.",
        "Create a new one on the API tokens page.",
    ),
    ProblemKind(
        "token-invalid",
        "The token is invalid",
        401,
        "It is incomplete, was issued for something else, or does not come from this site.",
        "Copy it again completely, or create a new one.",
    ),
    ProblemKind(
        "token-revoked",
        "The token was revoked",
        401,
        "It was revoked, or its owner can no longer log in.",
        "Create a new one on the API tokens page.",
    ),
    ProblemKind(
        "session-ended",
        "The session has ended",
        401,
        "You were logged out, or were inactive for too long.",
        "Log in again.",
    ),
    ProblemKind(
        "role-required",
        "You don't have the required role",
        403,
        "This page is only for users with another role.",
        "Ask your administrator for the role.",
    ),
    ProblemKind(
        "scope-required",
        "The token lacks a permission",
        403,
        "The token does not have the required scope.",
        "Open the `fix` URL to create a token that has it.",
    ),
    ProblemKind(
        "token-limited",
        "The token's limits don't allow this",
        403,
        "Its owner limited it to other paths, methods or networks.",
        "Its owner can change the limits at the `fix` URL.",
    ),
    ProblemKind(
        "step-up-required",
        "Confirm it's you",
        401,
        "Your last confirmation is too old for this.",
        "Enter your password again.",
    ),
    ProblemKind(
        "csrf-failed",
        "This form has expired",
        403,
        "The request has no valid CSRF token, so it may come from another site.",
        "Reload the page and send the form again.",
    ),
    ProblemKind(
        "credentials-invalid",
        "Wrong user name or password",
        401,
        "No account has this user name and password.",
        "Try again. Upper and lower case matter in the password.",
    ),
    ProblemKind(
        "refresh-invalid",
        "The refresh token is invalid",
        401,
        "It has expired, does not come from this site, or its owner can no longer log in.",
        "Log in again: `POST /api/auth`.",
    ),
    ProblemKind(
        "refresh-reused",
        "The refresh token was already used",
        401,
        "It may have been stolen, so the script was logged out and all its tokens were revoked.",
        "Log in again: `POST /api/auth`. Always use the newest refresh token.",
    ),
    ProblemKind(
        "mfa-required",
        "A second factor is required",
        401,
        "The password is not enough for this account or this page.",
        "Send `code` with the password: 6 digits from the app or a recovery code. Or log in with a browser.",
    ),
    ProblemKind(
        "throttled",
        "Too many attempts",
        429,
        "There were too many attempts in a short time.",
        "Wait as long as `Retry-After` says.",
    ),
    ProblemKind(
        "undeclared",
        "This page has no access rule",
        403,
        "Its route does not declare who may open it, so nobody can.",
        "Write `@require()` or `@public` right above the view.",
    ),
)
KINDS = {
    kind.slug: kind
    for kind in (
        *(ProblemKind(slug_of(None, status), title, status, detail, "") for status, (title, detail) in WORDS.items()),
        *GUARD_KINDS,
    )
}


def kind_of(code: ProblemCode) -> ProblemKind:
    """The title, status, meaning and repair that belong to a problem's ``code``."""
    return KINDS[slug_of(code, 0)]
