"""Metadata of the provider (OpenID Connect Discovery 1.0 §4, RFC 8414 §3)."""

from typing import Any
from urllib.parse import urlsplit

from flask import Response
from flask.typing import ResponseReturnValue

from webapp.core.id_token_keys import IdTokenKeys
from webapp.core.translation import _
from webapp.guard.require import public_to_scripts
from webapp.oauth.id_token import HASHES
from webapp.oauth.metadata import metadata
from webapp.oauth.views.blueprint import bp, issuer
from webapp.settings import Settings
from webapp.web.negotiation import as_json
from webapp.web.problems import Problem
from webapp.web.registry import service

CACHE_SECONDS = 300
"""Seconds for which clients may cache it."""


@bp.get("/.well-known/openid-configuration")
@public_to_scripts
def openid_configuration() -> ResponseReturnValue:
    """The metadata for clients of OpenID Connect."""
    return about()


@bp.get("/.well-known/oauth-authorization-server")
@public_to_scripts
def authorization_server() -> ResponseReturnValue:
    """The same metadata for clients of OAuth 2."""
    return about()


def about() -> Response:
    signing_algorithm()
    is_open = service(Settings).dynamic_registration
    return cached(metadata(issuer(), algorithms=service(IdTokenKeys).algorithms, is_registration_open=is_open))


@bp.get("/.well-known/openid-configuration/<path:below>")
@bp.get("/.well-known/oauth-authorization-server/<path:below>")
@public_to_scripts
def below_base_url(below: str) -> ResponseReturnValue:
    """The metadata of a site whose URL has a path, where RFC 8414 §3.1 looks for them."""
    if urlsplit(issuer()).path != f"/{below}":
        raise Problem(404, _("Page not found"), _("The URL is wrong, or the page no longer exists."))
    return about()


def signing_algorithm() -> str:
    """The algorithm of the site, which signs ID tokens unless the app wants another.

    Raises:
        Problem: 404, the site signs with a shared secret, which no app must know.
    """
    algorithm = service(IdTokenKeys).algorithms[0]
    if algorithm not in HASHES:
        raise Problem(
            404,
            _("This site is not an identity provider"),
            _("Its tokens are signed with a shared secret. Apps need WEBAPP_SIGNING_ALGORITHM=ES256."),
        )
    return algorithm


def cached(document: dict[str, Any]) -> Response:
    response = as_json(document)
    response.headers["Cache-Control"] = f"public, max-age={CACHE_SECONDS}"
    return response
