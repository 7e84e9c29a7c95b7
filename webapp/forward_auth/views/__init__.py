"""Views of forward-auth: the check, the way to the login and back, the pages about access."""

from webapp.forward_auth.views import (
    app_access,
    app_logins,
    check,
    guest,
    guest_links,
    own_access,
    redeem_ticket,
    request_access,
    start,
)
from webapp.forward_auth.views.blueprint import bp

__all__ = [
    "app_access",
    "app_logins",
    "bp",
    "check",
    "guest",
    "guest_links",
    "own_access",
    "redeem_ticket",
    "request_access",
    "start",
]
