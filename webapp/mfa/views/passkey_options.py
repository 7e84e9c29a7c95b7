"""WebAuthn request options, with a challenge for this browser."""

from collections.abc import Iterable
from typing import Any

import msgspec
from flask import Response

from webapp.core.translation import _
from webapp.mfa import webauthn_ceremonies
from webapp.mfa.relying_party import RelyingParty
from webapp.mfa.views import challenge_cookie
from webapp.mfa.webauthn_ceremonies import KnownPasskey
from webapp.web.negotiation import as_json
from webapp.web.problems import Problem
from webapp.web.query_params import parse_query
from webapp.web.registry import service


class PasskeyOptions(msgspec.Struct, frozen=True, rename="camel"):
    """Options for `navigator.credentials` in the JSON form of WebAuthn."""

    public_key: dict[str, Any]


class RelatedOrigins(msgspec.Struct, frozen=True):
    """Related origins of an RP ID (WebAuthn Level 3 §5.11.1)."""

    origins: list[str]


class RpIdQuery(msgspec.Struct, frozen=True):
    rp_id: str | None = None
    """One of the RP IDs of this site: the host name of its base URL, or of a former one."""


def request_options(purpose: str, known_passkeys: Iterable[KnownPasskey] | None = None) -> Response:
    """For the RP ID in the query. Without one, it is that of the passkey in ``known_passkeys`` that was used last.

    Args:
        known_passkeys: the passkeys of the user; None if any passkey of this site will do.

    Raises:
        Problem: 404 if this site has no passkeys, or none with this RP ID.
    """
    own = party()
    usable = [passkey for passkey in known_passkeys or () if own.under(passkey.rp_id)]
    rp_id = parse_query(RpIdQuery).rp_id or next((passkey.rp_id for passkey in usable), None)
    relying_party = own.under(rp_id)
    if relying_party is None:
        raise Problem(404, _("Passkeys don't work with this URL"), _("This site never had this host name."))
    allowed_passkeys = [passkey for passkey in usable if (passkey.rp_id or own.id) == relying_party.id]
    challenge = challenge_cookie.create(purpose)
    return as_json(PasskeyOptions(webauthn_ceremonies.request_options(relying_party, challenge, allowed_passkeys)))


def rp_ids(known_passkeys: Iterable[KnownPasskey] | None = None) -> list[str]:
    """The RP IDs to offer a button for, the preferred one first; empty where there are no passkeys.

    Args:
        known_passkeys: as for ``request_options``.
    """
    own = service(RelyingParty | None)
    if own is None:
        return []
    preferred_ids = own.ids if known_passkeys is None else (passkey.rp_id or own.id for passkey in known_passkeys)
    return list(dict.fromkeys(rp_id for rp_id in preferred_ids if rp_id in own.ids))


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
