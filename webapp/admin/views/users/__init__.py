"""/admin/users: the list, one user, and the actions on them."""

from webapp.admin.views.users import (
    bulk,
    credentials,
    identities,
    reset_link,
    service_accounts,
    user_actions,
    user_list,
)
from webapp.admin.views.users.blueprint import bp

__all__ = ["bp", "bulk", "credentials", "identities", "reset_link", "service_accounts", "user_actions", "user_list"]
