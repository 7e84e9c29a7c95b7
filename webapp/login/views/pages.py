"""Log in, log out, confirm that it is you: and change the password: one file a deed, one blueprint."""

from webapp.login.views import confirming, entering, leaving, password
from webapp.login.views.blueprint import bp

__all__ = ["bp", "confirming", "entering", "leaving", "password"]
