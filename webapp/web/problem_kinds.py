"""Every kind of problem: its words, and the page behind its ``type``."""

from http import HTTPStatus

import msgspec

from webapp.web.problem_codes import ProblemCode

WORDS = {
    400: ("This could not be read", "The request is not put together as one that we understand. Nothing was changed."),
    401: ("Log in first", "This address wants to know who you are."),
    403: ("You may not open this", "We know who you are, and the answer is no."),
    404: ("There is nothing here", "The address is wrong, or what was here is gone."),
    405: ("Not in this way", "The address is right, but it does not answer to this method."),
    408: ("The request took too long", "Not all of it has come in time. Nothing was changed; send it again."),
    409: ("This was done already", "It would be a second time, or in another's place. Nothing was changed."),
    413: ("That is too much", "The request is larger than this house accepts. Nothing was changed."),
    415: ("That kind of content is not read here", "Send a form, or a JSON object. Nothing was changed."),
    422: ("Something in it needs another look", "Each field that does not fit says why. Nothing was changed."),
    429: ("Too many tries", "Wait a little; the door opens by itself."),
    414: ("The URL is too long", "A URL has at most 8 kB. Nothing was read."),
    431: ("The headers are too large", "All headers together have at most 8 kB. Nothing was read."),
    500: ("Something broke on our side", "It was written down under the number below. Nothing half done was kept."),
    501: ("That is not supported", "The method or the Transfer-Encoding is not known. Methods are case-sensitive."),
    503: ("Not now", "The database does not answer at the moment. Nothing was changed; try again in a few seconds."),
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
        "Log in, or bring a token",
        401,
        "The address wants to know who calls.",
        "Log in with a browser, or send `Authorization: Bearer TOKEN`.",
    ),
    ProblemKind(
        "token-expired",
        "The token has expired",
        401,
        "Every token ends at the time it was made for.",
        "Make a new one on the API-token page.",
    ),
    ProblemKind(
        "token-invalid",
        "This is no token of ours",
        401,
        "It is damaged, was made for something else, or was never made here.",
        "Copy it again, whole, or make a new one.",
    ),
    ProblemKind(
        "token-revoked",
        "The token was revoked",
        401,
        "Somebody ended it, or its owner may no longer log in.",
        "Make a new one, if you still may.",
    ),
    ProblemKind(
        "session-ended",
        "The session has ended",
        401,
        "It was logged out, ran out, or was ended from elsewhere.",
        "Log in again.",
    ),
    ProblemKind(
        "role-required",
        "A role is missing",
        403,
        "The address is for people with another role.",
        "Ask whoever runs this house for the role.",
    ),
    ProblemKind(
        "scope-required",
        "The token lacks a scope",
        403,
        "The token was made for something narrower.",
        "Follow `fix` to make one that may.",
    ),
    ProblemKind(
        "token-limited",
        "The token is for something narrower",
        403,
        "Its owner bound it to other addresses, methods or networks.",
        "Follow `fix` to its page, where its owner may widen it.",
    ),
    ProblemKind(
        "step-up-required",
        "Confirm that it is you",
        401,
        "The last proof is too old for something this grave.",
        "Enter the password again.",
    ),
    ProblemKind(
        "csrf-failed",
        "The form is not from here",
        403,
        "A change that comes with a cookie must prove that it came from our own page.",
        "Open the page again and send it from there.",
    ),
    ProblemKind(
        "credentials-invalid",
        "Name and password do not go together",
        401,
        "No account has both.",
        "Try again; capitals matter in the password.",
    ),
    ProblemKind(
        "refresh-invalid",
        "The refresh token does not hold",
        401,
        "It is none of ours, has ended, or its owner may no longer log in.",
        "Log in again: `POST /api/auth`.",
    ),
    ProblemKind(
        "refresh-reused",
        "The refresh token was used before",
        401,
        "Two have it, and one of them should not: everything that came from this login is ended.",
        "Log in again: `POST /api/auth`. Keep the newest refresh token and no other.",
    ),
    ProblemKind(
        "mfa-required",
        "A second factor is needed",
        401,
        "The password alone is not enough, for this account or for this address.",
        "Send `code` beside the password: six digits of the app, or a recovery code. Or log in with a browser.",
    ),
    ProblemKind(
        "throttled",
        "Too many tries",
        429,
        "So many wrong tries look like guessing.",
        "Wait as long as `Retry-After` says.",
    ),
    ProblemKind(
        "undeclared",
        "Nobody may open this",
        403,
        "The route does not say who may open it.",
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
