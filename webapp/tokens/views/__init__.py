"""The API-token page: one file a deed, one blueprint."""

from webapp.tokens.views import minting, reading, revoking
from webapp.tokens.views.blueprint import bp

__all__ = ["bp", "minting", "reading", "revoking"]
