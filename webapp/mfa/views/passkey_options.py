"""WebAuthn request options, with a challenge for this browser."""

from collections.abc import Iterable
from typing import Any

import msgspec
from flask import Response

from webapp.core.translation import _
from webapp.mfa import webauthn_ceremonies
from webapp.mfa.views import challenge_cookie
from webapp.mfa.webauthn_ceremonies import KnownPasskey, RelyingParty
from webapp.web.negotiation import as_json
from webapp.web.problems import Problem
from webapp.web.registry import service


class PasskeyOptions(msgspec.Struct, frozen=True, rename="camel"):
    """Options for `navigator.credentials` in the JSON form of WebAuthn."""

    public_key: dict[str, Any]


def request_options(purpose: str, known: Iterable[KnownPasskey] = ()) -> Response:
    """Respond with WebAuthn request options and a challenge for this browser."""
    return as_json(PasskeyOptions(webauthn_ceremonies.request_options(party(), challenge_cookie.give(purpose), known)))


def party() -> RelyingParty:
    """The WebAuthn relying party.

    Raises:
        Problem: 404 if the URL of the site has an IP address, which allows no passkeys.
    """
    found = service(RelyingParty | None)
    if found is None:
        raise Problem(
            404,
            _("Passkeys don't work with this URL"),
            _(
                "Passkeys need a host name. Ask your administrator to set WEBAPP_BASE_URL to a URL such as http://localhost:8000."
            ),
        )
    return found
