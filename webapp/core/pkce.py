"""Proof Key for Code Exchange (PKCE, RFC 7636)."""

import base64
import hashlib


def challenge_of(verifier: str) -> str:
    """The ``code_challenge`` of a verifier by the method S256 (RFC 7636 §4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
