"""Log in, log out, re-authenticate, change the password: one file per page, one blueprint."""

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
