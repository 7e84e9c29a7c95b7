"""Title, detail and ``fix`` of refused tokens: what was sent, and what would be accepted. Repeats nothing secret."""

import re
from typing import Any
from uuid import UUID

from flask import current_app, request, url_for

from webapp.core.translation import _
from webapp.guard.curl_examples import MINT
from webapp.guard.dpop_binding import KeyNotProven
from webapp.guard.principal import IssuedUnderFormerUrl, NotAccepted, RenewalLookup
from webapp.web.bearer import basic_credentials
from webapp.web.problem_kinds import kind_of
from webapp.web.registry import service

# Endpoint of a higher layer.
SHOW = "tokens.show"
# A token that was sent without a scheme has other characters or is longer, and must not be repeated.
SCHEME = re.compile(r"[A-Za-z][A-Za-z-]{0,19}", re.ASCII)
TOKEN = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)
REFRESH_PREFIX = "lkr_"


def without_token() -> str:
    """What to send, for a request whose ``Authorization`` header, if it has one, is not read as a token."""
    header = request.headers.get("Authorization")
    scheme, _space, rest = (header or "").strip().partition(" ")
    if header is None:
        return kind_of("token_missing").repair
    if not scheme:
        return _("The `Authorization` header is empty. Perhaps the variable that should hold it is empty.")
    if TOKEN.fullmatch(scheme):
        return _("The `Authorization` header has a token without a scheme. Send `Authorization: Bearer TOKEN`.")
    if rest and SCHEME.fullmatch(scheme):
        return _(
            "The `Authorization` header has the scheme `%(scheme)s`. Send `Authorization: Bearer TOKEN`.", scheme=scheme
        )
    return _("The `Authorization` header has an unknown scheme. Send `Authorization: Bearer TOKEN`.")


def words_of(error: NotAccepted) -> tuple[str, str]:
    """Title and detail of the problem."""
    if isinstance(error, KeyNotProven):
        return unproven(error)
    if isinstance(error, IssuedUnderFormerUrl):
        return _("This site has moved"), _(
            "The token was issued for %(former)s, but this site is now %(url)s. Create a new token there, or ask your "
            "administrator to add the former URL to WEBAPP_FORMER_BASE_URLS.",
            former=error.former[:200],
            url=current_app.config["BASE_URL"],
        )
    kind = kind_of(error.code)
    return kind.title, (error.code == "token_invalid" and what_was_sent()) or kind.detail


def unproven(error: KeyNotProven) -> tuple[str, str]:
    # The reason is the one of the log, which is English.
    detail = _(
        "Refused because %(reason)s. Send a token that is bound to a key as `DPoP TOKEN`, with a new proof in the "
        "`DPoP` header each time. Send other tokens as `Bearer TOKEN`.",
        reason=error,
    )
    return _("The DPoP proof is missing or wrong"), detail


def what_was_sent() -> str | None:
    """What the ``Authorization`` header has instead of a token, judged by its form alone; None if it has its form."""
    scheme, _space, rest = (request.headers.get("Authorization") or "").strip().partition(" ")
    rest = rest.strip()
    if scheme.lower() == "basic":
        return what_basic_sent(*basic_credentials(rest))
    if scheme.lower() not in ("bearer", "dpop"):
        return None
    if not rest:
        return _("The `Authorization` header has a scheme and no token. Perhaps the variable with the token is empty.")
    if rest.startswith(REFRESH_PREFIX):
        return _("This is a refresh token. Exchange it for an access token: `POST /api/auth/refresh`.")
    return None


def what_basic_sent(username: str, password: str) -> str | None:
    if TOKEN.fullmatch(password):
        return None
    if TOKEN.fullmatch(username):
        return _("The token was sent as the user name. Send it as the password; any user name will do.")
    if not password:
        return _("HTTP Basic was sent without a password. Send an API token as the password.")
    return _("HTTP Basic takes an API token as the password, not the password of an account.")


def fix_for(error: NotAccepted) -> tuple[str, dict[str, Any]] | None:
    """What to do about a valid token of this site that has ended: a sentence, and ``fix`` for the problem.

    None for other credentials: their senders learn nothing about tokens.
    """
    token_id = (
        error.credential_row.credential_id if error.credential_row else UUID(hex=error.key) if error.key else None
    )
    if error.code not in ("token_expired", "token_revoked") or token_id is None:
        return None
    found = service(RenewalLookup)(token_id)
    if found is not None and found.successor_id is not None:
        sentence = _("It was rotated. Use the token that replaced it, at the fix URL.")
        return sentence, {"fix": absolute(url_for(SHOW, token_id=found.successor_id))}
    if error.code == "token_revoked":
        return None
    if found is not None and found.is_script_login:
        return _("Get the next one with the refresh token: `POST /api/auth/refresh`."), {}
    query: dict[str, Any] = {"from": str(token_id)} if found is not None else {}
    return _("Its owner can create another one at the fix URL."), {"fix": absolute(url_for(MINT, **query))}


def absolute(path: str) -> str:
    return f"{current_app.config['ORIGIN']}{path}"
