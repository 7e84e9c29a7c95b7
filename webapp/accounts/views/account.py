"""Pages of the account: one file per page, one blueprint."""

from webapp.accounts.views import activity, close_account, email, profile, security, service_accounts, sessions
from webapp.accounts.views.blueprint import bp

__all__ = ["activity", "bp", "close_account", "email", "profile", "security", "service_accounts", "sessions"]
