"""/admin/users: one file a deed, one blueprint."""

from webapp.admin.views.users import acts, bulk, listing, reset_link
from webapp.admin.views.users.blueprint import bp

__all__ = ["acts", "bp", "bulk", "listing", "reset_link"]
