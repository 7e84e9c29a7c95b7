"""/admin/identity-providers: providers that users can log in with: add, test, change, disable, remove."""

from webapp.admin.views.identity_providers import actions, pages, rules, trial
from webapp.admin.views.identity_providers.blueprint import bp

__all__ = ["actions", "bp", "pages", "rules", "trial"]
