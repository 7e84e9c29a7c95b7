"""Endpoints of the authorization server, and its pages: one blueprint, one file for each."""

from webapp.oauth.views import (
    apps,
    authorize,
    device,
    device_authorization,
    discovery,
    end_session,
    par,
    register,
    revoke,
    token,
    userinfo,
)
from webapp.oauth.views.blueprint import bp

__all__ = [
    "apps",
    "authorize",
    "bp",
    "device",
    "device_authorization",
    "discovery",
    "end_session",
    "par",
    "register",
    "revoke",
    "token",
    "userinfo",
]
