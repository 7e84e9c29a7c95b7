"""Check: what a login with a provider is checked for, in order; LoginFailed names the check that failed."""

from enum import StrEnum


class Check(StrEnum):
    """The checks of a login in order: those before a failed one have passed."""

    METADATA = "metadata"
    REQUEST_TOKEN = "request_token"
    """Of OAuth 1 (RFC 5849 §2.1)."""
    STATE = "state"
    RESPONSE_ISSUER = "response_issuer"
    RESPONSE = "response"
    TOKEN_RESPONSE = "token_response"
    ID_TOKEN = "id_token"
    SIGNATURE = "signature"
    ISSUER = "issuer"
    AUDIENCE = "audience"
    TIME = "time"
    NONCE = "nonce"
    ACCESS_TOKEN_HASH = "at_hash"
    SUBJECT = "sub"
    AUTHENTICATION_TIME = "auth_time"
    USERINFO = "userinfo"


class LoginFailed(Exception):
    """A login with a provider was refused, or its logout token.

    Args:
        check: the check that failed.
        detail: for the operator, without secrets; what the provider said is quoted shortened.
    """

    def __init__(self, check: Check, detail: str) -> None:
        super().__init__(f"{check}: {detail}")
        self.check, self.detail = check, detail
