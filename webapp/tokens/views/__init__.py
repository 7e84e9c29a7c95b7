"""The pages of API tokens: one blueprint, one file for each action."""

from webapp.tokens.views import (
    create,
    drop_scope,
    edit,
    index,
    inspection,
    preview,
    revoke,
    rotate,
    script_logins,
)
from webapp.tokens.views.blueprint import bp
from webapp.tokens.views.create import too_many

__all__ = [
    "bp",
    "create",
    "drop_scope",
    "edit",
    "index",
    "inspection",
    "preview",
    "revoke",
    "rotate",
    "script_logins",
    "too_many",
]
