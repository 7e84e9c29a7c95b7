"""Log in, log out, confirm that it is you: and change the password: one file a deed, one blueprint."""

from webapp.login.views import confirm, login, logout, passkey, password, password_removal, resume, second_step
from webapp.login.views.blueprint import bp

__all__ = [
    "bp",
    "confirm",
    "login",
    "logout",
    "passkey",
    "password",
    "password_removal",
    "resume",
    "second_step",
]
