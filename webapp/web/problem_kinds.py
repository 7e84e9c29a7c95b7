"""All kinds of problems: title and detail by status, and the content of the pages to which ``type`` leads."""

from http import HTTPStatus

import msgspec

from webapp.core.translation import _l
from webapp.web.problem_codes import ProblemCode

WORDS = {
    400: (_l("Bad request"), _l("The request is malformed. Nothing was changed.")),
    401: (_l("Log in first"), _l("You need to log in to open this page.")),
    403: (
        _l("You don't have access to this page"),
        _l("Your account doesn't have the required permission. Ask your administrator if you need access."),
    ),
    404: (_l("Page not found"), _l("The URL is wrong, or the page no longer exists.")),
    405: (_l("Method not allowed"), _l("This URL exists but does not support this HTTP method.")),
    408: (_l("The request took too long"), _l("It did not arrive completely in time. Nothing was changed. Try again.")),
    409: (
        _l("This was already done"),
        _l("This conflicts with a newer change. Reload the page and try again. Nothing was changed."),
    ),
    413: (_l("The request is too large"), _l("It is larger than this site accepts. Nothing was changed.")),
    415: (_l("Content type not supported"), _l("Send a form, or a JSON object. Nothing was changed.")),
    422: (_l("Some fields need to be corrected"), _l("Each field shows what is wrong. Nothing was changed.")),
    429: (_l("Too many attempts"), _l("Wait a little and try again.")),
    414: (_l("The URL is too long"), _l("A URL has at most 8 kB. Nothing was read.")),
    431: (_l("The headers are too large"), _l("The headers may have at most 8 kB in total.")),
    500: (
        _l("Something went wrong"),
        _l("This is an error on our side. Nothing was changed. Give the request ID below to your administrator."),
    ),
    501: (
        _l("Not supported"),
        _l("This site does not support the method or the Transfer-Encoding. Methods are case-sensitive."),
    ),
    503: (
        _l("Temporarily unavailable"),
        _l("The database is not available at the moment. Nothing was changed. Try again in a few seconds."),
    ),
}


class ProblemKind(msgspec.Struct, frozen=True):
    """The page at the ``type`` URL of a problem (RFC 9457 §3.1.1)."""

    slug: str
    title: str
    status: int
    meaning: str
    repair: str

    @property
    def detail(self) -> str:
        return f"{self.meaning} {self.repair}"

    def translated(self) -> "ProblemKind":
        """The same with its texts in the language of the request."""
        return ProblemKind(self.slug, str(self.title), self.status, str(self.meaning), str(self.repair))


# RFC 9110's phrases. Python changed its own to these, and the URL of a problem must not depend on Python's version.
PHRASES = {413: "Content Too Large", 422: "Unprocessable Content"}


def phrase_of(status: int) -> str:
    """The reason phrase of a status (RFC 9110 §15)."""
    return PHRASES.get(status) or HTTPStatus(status).phrase


def slug_of(code: ProblemCode | None, status: int) -> str:
    """The last segment of a problem's ``type`` URL: from its code, or from its status if it has none."""
    return code.replace("_", "-") if code else phrase_of(status).lower().replace(" ", "-")


GUARD_KINDS = (
    ProblemKind(
        "token-missing",
        _l("Log in or send a token"),
        401,
        _l("This endpoint needs a login or a token."),
        _l("Log in with a browser or send `Authorization: Bearer TOKEN`."),
    ),
    ProblemKind(
        "token-expired",
        _l("The token has expired"),
        401,
        _l("The expiry time of the token has passed."),
        _l("Create a new one on the API tokens page."),
    ),
    ProblemKind(
        "token-invalid",
        _l("The token is invalid"),
        401,
        _l("It is incomplete, was issued for something else, or does not come from this site."),
        _l("Copy it again completely, or create a new one."),
    ),
    ProblemKind(
        "token-revoked",
        _l("The token was revoked"),
        401,
        _l("It was revoked, or its owner can no longer log in."),
        _l("Create a new one on the API tokens page."),
    ),
    ProblemKind(
        "session-ended",
        _l("The session has ended"),
        401,
        _l("You were logged out, or were inactive for too long."),
        _l("Log in again."),
    ),
    ProblemKind(
        "role-required",
        _l("You don't have the required role"),
        403,
        _l("This page is only for users with another role."),
        _l("Ask your administrator for the role."),
    ),
    ProblemKind(
        "owner-required",
        _l("This belongs to somebody else"),
        403,
        _l("Only its owner has access to it."),
        _l("Ask its owner, or your administrator."),
    ),
    ProblemKind(
        "anonymous-required",
        _l("You are already logged in"),
        403,
        _l("This page is only for people who are not logged in."),
        _l("Log out to use it."),
    ),
    ProblemKind(
        "scope-required",
        _l("The token lacks a permission"),
        403,
        _l("The token does not have the required scope."),
        _l("Open the `fix` URL to create a token that has it."),
    ),
    ProblemKind(
        "token-limited",
        _l("The token's limits don't allow this"),
        403,
        _l("Its owner limited it to other paths, methods or networks."),
        _l("Its owner can change the limits at the `fix` URL."),
    ),
    ProblemKind(
        "step-up-required",
        _l("Confirm it's you"),
        401,
        _l("Your last confirmation is too old for this."),
        _l("Enter your password again."),
    ),
    ProblemKind(
        "csrf-failed",
        _l("This form has expired"),
        403,
        _l("The request has no valid CSRF token, so it may come from another site."),
        _l("Reload the page and send the form again."),
    ),
    ProblemKind(
        "credentials-invalid",
        _l("Wrong user name or password"),
        401,
        _l("No account has this user name and password."),
        _l("Try again. Upper and lower case matter in the password."),
    ),
    ProblemKind(
        "refresh-invalid",
        _l("The refresh token is invalid"),
        401,
        _l("It has expired, does not come from this site, or its owner can no longer log in."),
        _l("Log in again: `POST /api/auth`."),
    ),
    ProblemKind(
        "refresh-reused",
        _l("The refresh token was already used"),
        401,
        _l("It may have been stolen, so the script was logged out and all its tokens were revoked."),
        _l("Log in again: `POST /api/auth`. Always use the newest refresh token."),
    ),
    ProblemKind(
        "mfa-required",
        _l("A second factor is required"),
        401,
        _l("The password is not enough for this account or this page."),
        _l("Send `code` with the password: 6 digits from the app or a recovery code. Or log in with a browser."),
    ),
    ProblemKind(
        "throttled",
        _l("Too many attempts"),
        429,
        _l("There were too many attempts in a short time."),
        _l("Wait as long as `Retry-After` says."),
    ),
    ProblemKind(
        "undeclared",
        _l("This page has no access rule"),
        403,
        _l("Its route does not declare who may open it, so nobody can."),
        _l("Write `@require()` or `@public` right above the view."),
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
    """The kind of problem that a ``code`` stands for."""
    return KINDS[slug_of(code, 0)]
