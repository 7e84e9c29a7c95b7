"""Who is calling, and may they: the one guard of pages, scripts and proxied applications."""

from webapp.guard.curl_examples import asked_here
from webapp.guard.current import current_claims, current_principal, current_record, user_lookup
from webapp.guard.principal import Principal
from webapp.guard.require import login_required, public, require
from webapp.guard.resources import resource

__all__ = [
    "Principal",
    "asked_here",
    "current_claims",
    "current_principal",
    "current_record",
    "login_required",
    "public",
    "require",
    "resource",
    "user_lookup",
]
