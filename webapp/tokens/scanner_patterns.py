"""Regular expressions by which secret scanners recognise the tokens of Latchkey, or of one site.

An API token is a JWT without a prefix. Its header is always the same but for the key ID, and the parts of it before and
after that ID are always encoded alike, because they begin at multiples of 3 bytes (Base64, RFC 4648 §4).
"""

import base64
import json

# {"alg":"ES256","kid":"…","typ":"at+jwt"}: the key ID has 43 characters, and 32 with HS256.
ASYMMETRIC = r"(?:FUzI1NiIsI|FZERTQSIsI|SUzI1NiIsI)mtpZCI6I[A-Za-z0-9_-]{59}LCJ0eXAiOiJhdCtqd3QifQ"
SHARED = r"IUzI1NiIsImtpZCI6I[A-Za-z0-9_-]{43}IiwidHlwIjoiYXQrand0In0"
HEADER = rf"eyJhbGciOiJ(?:{ASYMMETRIC}|{SHARED})"
REST = r"[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{40,}"
REFRESH_TOKEN = r"lkr_[A-Za-z0-9_-]{43}"


def access_token_pattern(issuer: str | None = None) -> str:
    """The pattern of API tokens and access tokens.

    Args:
        issuer: base URL of the site; None for the tokens of all sites.
    """
    return rf"{HEADER}\.{claims_beginning(issuer) if issuer else 'eyJ'}{REST}"


def claims_beginning(issuer: str) -> str:
    """The encoded beginning of the claims, of which ``iss`` is the first; cut to a multiple of 3 bytes."""
    beginning = json.dumps({"iss": issuer}, separators=(",", ":"))[:-1].encode()
    return base64.urlsafe_b64encode(beginning[: len(beginning) // 3 * 3]).decode()
