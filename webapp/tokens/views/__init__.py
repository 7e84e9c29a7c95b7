"""The API-token page: one file a deed, one blueprint."""

from webapp.tokens.views import minting, reading, revoking, script_logins
from webapp.tokens.views.blueprint import bp

__all__ = ["bp", "minting", "reading", "revoking", "script_logins"]
