"""/api/auth: what scripts get in with; one file a deed, one blueprint."""

from webapp.login.views.api import exchange, introspect, refresh, revoke, token
from webapp.login.views.api.blueprint import bp

__all__ = ["bp", "exchange", "introspect", "refresh", "revoke", "token"]
