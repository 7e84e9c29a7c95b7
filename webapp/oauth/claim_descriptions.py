"""What each claim of an ID token or of userinfo says, for the administrator who sets up an app."""

import json
from datetime import UTC, datetime
from typing import Any

from webapp.core.translation import _l

CLAIM_WORDS = {
    "iss": _l("This site. The app accepts tokens of the issuer that it was given, and of no other."),
    "sub": _l("Who you are. It never changes, also when you change your user name or e-mail address."),
    "aud": _l("The client ID of the app: no other app accepts this token."),
    "iat": _l("When the token was created."),
    "exp": _l("When the token expires. The app starts a session of its own before that."),
    "auth_time": _l("When you last proved your identity here."),
    "nonce": _l("A value of the app's request: the token answers this request and no other."),
    "acr": _l("How well you proved your identity: aal1 (one factor), aal2 (two) or phr (a passkey)."),
    "amr": _l("How you proved your identity (RFC 8176), such as pwd, otp or hwk."),
    "sid": _l("The ID of your session here, which logout notices contain."),
    "jti": _l("The ID of this token."),
    "at_hash": _l("Belongs to the access token that is issued together with it."),
    "name": _l("Your display name, or your user name if you have none."),
    "preferred_username": _l("Your user name."),
    "zoneinfo": _l("Your time zone."),
    "locale": _l("Your language, if you chose one."),
    "email": _l("Your e-mail address."),
    "email_verified": _l("Whether you have shown that the e-mail address is yours. Many apps demand it."),
    "groups": _l("Your roles on this site, as far as the app may learn them."),
}
INSTANTS = {"iat", "exp", "auth_time"}
"""Claims with a number of seconds since 1970 (RFC 7519 §2)."""


def words_of(name: str, value: Any) -> str:
    """The value of a claim for people."""
    if name in INSTANTS:
        return f"{value} ({datetime.fromtimestamp(value, UTC):%Y-%m-%d %H:%M:%S} UTC)"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
