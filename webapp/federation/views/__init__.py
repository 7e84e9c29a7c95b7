"""Logins with providers: one blueprint, one file for each page or endpoint."""

from webapp.federation.views import backchannel_logout, callback, confirm, identities, logout, start, waiting
from webapp.federation.views.blueprint import bp

__all__ = ["backchannel_logout", "bp", "callback", "confirm", "identities", "logout", "start", "waiting"]
