"""Pages of the second factors: one file per kind, one blueprint."""

from webapp.mfa.views import passkeys, recovery_codes, resets, totp
from webapp.mfa.views.blueprint import bp

__all__ = ["bp", "passkeys", "recovery_codes", "resets", "totp"]
