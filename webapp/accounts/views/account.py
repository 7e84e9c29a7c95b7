"""Living here: one file a page, one blueprint."""

from webapp.accounts.views import activity, address, leaving, profile, security
from webapp.accounts.views.blueprint import bp

__all__ = ["activity", "address", "bp", "leaving", "profile", "security"]
