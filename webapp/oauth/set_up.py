"""What to enter in an app: the values of its client, for the settings of its recipe."""

import re
from collections.abc import Mapping
from typing import Any

from webapp.oauth.models import OAuthClient
from webapp.oauth.recipes import GENERIC, RECIPES, Recipe
from webapp.oauth.redirect_uris import split

UNSAFE = re.compile(r"[\"'\\$]")
"""What could end a quoted text in a file of settings."""
NO_SECRET = "THE-CLIENT-SECRET"
"""Stands for the secret, which is shown once only."""


def recipe_of(client: OAuthClient) -> Recipe:
    """The recipe of a client; a general one if it was registered by hand."""
    return RECIPES.get(client.recipe or "", GENERIC["native" if client.is_public else "web"])


def endpoints(metadata: Mapping[str, Any]) -> dict[str, str]:
    return {name: url for name, url in metadata.items() if name.endswith(("_endpoint", "jwks_uri"))}


def values(client: OAuthClient, metadata: Mapping[str, Any], site_name: str, secret: str | None) -> dict[str, str]:
    """The values that the setup instructions of an app show: issuer, endpoints, client ID, secret, redirect URI.

    Args:
        metadata: of the provider (RFC 8414).
        secret: of the client, where it was just made.
    """
    recipe = recipe_of(client)
    return endpoints(metadata) | {
        "site": UNSAFE.sub("", site_name),
        "issuer": metadata["issuer"],
        "discovery_url": f"{metadata['issuer']}/.well-known/openid-configuration",
        "signing_algorithm": metadata["id_token_signing_alg_values_supported"][0],
        "client_id": str(client.id),
        "client_secret": secret or NO_SECRET,
        "redirect_uri": client.redirect_uris[0] if client.redirect_uris else "",
        "app_url": recipe.app_url_of(client.redirect_uris),
        "scopes": recipe.scopes,
    }


def browser_origins(client: OAuthClient) -> list[str]:
    """The origins from which a single-page app calls this site; none for any other app."""
    if not client.is_public or client.recipe not in (None, "spa"):
        return []
    parts = (split(uri) for uri in client.redirect_uris)
    # For a client that is registered by hand, http most likely means an app installed on a computer.
    schemes = ("https", "http") if client.recipe else ("https",)
    return list(dict.fromkeys(f"{part.scheme}://{part.netloc}" for part in parts if part and part.scheme in schemes))
