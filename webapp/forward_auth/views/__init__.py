"""Views of forward-auth: the check, the way to the login and back, the pages about access."""

from webapp.forward_auth.views import arrive, check, start
from webapp.forward_auth.views.blueprint import bp

__all__ = ["arrive", "bp", "check", "start"]
