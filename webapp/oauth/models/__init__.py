"""OAuthClient and what belongs to it: secrets, consents, requests, codes, logins and notices of their end."""

from webapp.oauth.models.clients import (
    AuthorizationCode,
    ClientError,
    ClientSecret,
    Consent,
    DeviceCode,
    OAuthClient,
    PushedRequest,
    RegistrationToken,
)
from webapp.oauth.models.logouts import AppSession, LogoutNotice, RemovedClient

__all__ = [
    "AppSession",
    "AuthorizationCode",
    "ClientError",
    "ClientSecret",
    "Consent",
    "DeviceCode",
    "LogoutNotice",
    "OAuthClient",
    "PushedRequest",
    "RegistrationToken",
    "RemovedClient",
]
