"""The API-token page: one file a deed, one blueprint."""

from webapp.tokens.views import (
    dropping,
    editing,
    inspecting,
    minting,
    reading,
    revoking,
    rotating,
    script_logins,
    summing,
)
from webapp.tokens.views.blueprint import bp
from webapp.tokens.views.minting import too_many

__all__ = [
    "bp",
    "dropping",
    "editing",
    "inspecting",
    "minting",
    "reading",
    "revoking",
    "rotating",
    "script_logins",
    "summing",
    "too_many",
]
