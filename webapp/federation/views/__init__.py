"""Logins with providers: one blueprint, one file for each page or endpoint."""

from webapp.federation.views import callback, identities, start, waiting
from webapp.federation.views.blueprint import bp

__all__ = ["bp", "callback", "identities", "start", "waiting"]
