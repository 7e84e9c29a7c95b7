"""What to enter in an app: the values of its client, for the settings of its recipe."""

import re
from collections.abc import Mapping
from typing import Any

from webapp.oauth.models import OAuthClient
from webapp.oauth.recipes import GENERIC, RECIPES, Recipe

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
    """
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
