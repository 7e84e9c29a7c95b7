"""/api/auth: what scripts get in with; one file a deed, one blueprint."""

from webapp.login.views.api import entering, refreshing
from webapp.login.views.api.blueprint import bp

__all__ = ["bp", "entering", "refreshing"]
