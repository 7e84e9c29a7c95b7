"""metadata(): the provider's metadata (OpenID Connect Discovery 1.0 §3, RFC 8414 §2), only what is supported."""

from collections.abc import Sequence
from typing import Any

from webapp.core.dpop import ALGS
from webapp.guard.assurance import Level
from webapp.oauth.client_keys import ALGORITHMS
from webapp.oauth.grants import device_code
from webapp.oauth.models import OAuthClient
from webapp.oauth.scopes import CLAIM_SCOPES

GRANT_TYPES = ("authorization_code", "refresh_token", "client_credentials", device_code.GRANT_TYPE)
SECRET_METHODS = ("client_secret_basic", "client_secret_post")
KEY_METHOD = "private_key_jwt"
AUTHENTICATED = *SECRET_METHODS, KEY_METHOD
"""How a client can prove which it is; a public one uses ``none``."""
SUBJECT_TYPES = "public", "pairwise"
WITH_CLIENT = "token", "revocation", "introspection"
CLAIMS = (
    *("sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid", "jti", "at_hash"),
    *("name", "preferred_username", "zoneinfo", "locale", "email", "email_verified", "groups"),
)


def methods_of(client: OAuthClient) -> list[str]:
    """How a client can authenticate (RFC 7591 §2)."""
    if client.is_public:
        return ["none"]
    return [KEY_METHOD] if client.has_keys else list(SECRET_METHODS)


def metadata(base_url: str, *, algorithms: Sequence[str], is_registration_open: bool = False) -> dict[str, Any]:
    """The authorization server metadata (RFC 8414, OpenID Connect Discovery 1.0 §3).

    Args:
        base_url: of the site, which is the issuer.
        algorithms: that ID tokens and userinfo can be signed with.
    """
    open_for = {"registration_endpoint": f"{base_url}/oauth/register"} if is_registration_open else {}
    return open_for | {
        "issuer": base_url,
        "authorization_endpoint": f"{base_url}/oauth/authorize",
        "pushed_authorization_request_endpoint": f"{base_url}/oauth/par",
        "require_pushed_authorization_requests": False,
        "token_endpoint": f"{base_url}/oauth/token",
        "device_authorization_endpoint": f"{base_url}/oauth/device_authorization",
        "userinfo_endpoint": f"{base_url}/oauth/userinfo",
        "jwks_uri": f"{base_url}/.well-known/jwks.json",
        "revocation_endpoint": f"{base_url}/oauth/revoke",
        "introspection_endpoint": f"{base_url}/oauth/introspect",
        "end_session_endpoint": f"{base_url}/oauth/end-session",
        "scopes_supported": list(CLAIM_SCOPES),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": list(GRANT_TYPES),
        "subject_types_supported": list(SUBJECT_TYPES),
        "id_token_signing_alg_values_supported": list(algorithms),
        "userinfo_signing_alg_values_supported": list(algorithms),
        "token_endpoint_auth_methods_supported": [*AUTHENTICATED, "none"],
        "revocation_endpoint_auth_methods_supported": [*AUTHENTICATED, "none"],
        "introspection_endpoint_auth_methods_supported": list(AUTHENTICATED),
        **{f"{name}_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS) for name in WITH_CLIENT},
        "code_challenge_methods_supported": ["S256"],
        "dpop_signing_alg_values_supported": ALGS.split(),
        "acr_values_supported": [level.acr for level in Level],
        "claims_supported": list(CLAIMS),
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "claims_parameter_supported": True,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "authorization_response_iss_parameter_supported": True,
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
    }
