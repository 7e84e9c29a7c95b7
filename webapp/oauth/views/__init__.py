"""Endpoints of the authorization server, and its pages: one blueprint, one file for each."""

from webapp.oauth.views import apps, authorize, discovery, revoke, token, userinfo
from webapp.oauth.views.blueprint import bp

__all__ = ["apps", "authorize", "bp", "discovery", "revoke", "token", "userinfo"]
