"""/api/auth: token endpoints for scripts; one file per endpoint, one blueprint."""

from webapp.login.views.api import exchange, introspect, refresh, revoke, token
from webapp.login.views.api.blueprint import bp

__all__ = ["bp", "exchange", "introspect", "refresh", "revoke", "token"]
