"""Log in, log out, confirm that it is you: and change the password: one file a deed, one blueprint."""

from webapp.login.views import confirming, entering, leaving, passkey, password, password_removal, resuming, second_step
from webapp.login.views.blueprint import bp

__all__ = [
    "bp",
    "confirming",
    "entering",
    "leaving",
    "passkey",
    "password",
    "password_removal",
    "resuming",
    "second_step",
]
