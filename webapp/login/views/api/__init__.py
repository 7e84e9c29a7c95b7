"""/api/auth: what scripts get in with; one file a deed, one blueprint."""

from webapp.login.views.api import entering, exchanging, introspecting, refreshing, revoking
from webapp.login.views.api.blueprint import bp

__all__ = ["bp", "entering", "exchanging", "introspecting", "refreshing", "revoking"]
