"""The former module of ``Identity``, which functions of ``WEBAPP_IDENTITY_PROVIDER`` import."""

from webapp.accounts.password_backend import Identity, PasswordBackend

IdentityProvider = PasswordBackend

__all__ = ["Identity", "IdentityProvider"]
