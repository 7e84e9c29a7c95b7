"""Refusals of pages and endpoints that take a password, where the settings do not allow logins with one."""

from flask import url_for

from webapp.accounts.models import User
from webapp.accounts.non_passkey_logins import NonPasskeyLogins
from webapp.accounts.password_login_policy import PasswordLoginPolicy
from webapp.accounts.views.request_info import roles_of
from webapp.core.translation import _
from webapp.web.problems import Action, Problem
from webapp.web.registry import service

# An endpoint of a higher layer.
LOGIN = "login.new"


def password_login() -> PasswordLoginPolicy:
    return service(NonPasskeyLogins).passwords


def refuse_without_passwords() -> None:
    """Require that this site has logins with a password.

    Raises:
        Problem: 403 if nobody can log in with a password.
    """
    if password_login().is_off:
        raise passwords_off()


def refuse_password_of(user: User) -> None:
    """Require that this user may log in with a password.

    Raises:
        Problem: 403 if this user cannot log in with a password.
    """
    if not may_use_password(user.role):
        raise passwords_off()


def may_use_password(role: str) -> bool:
    """Whether users with this role can log in with a password."""
    return password_login().is_for_all or password_login().counts_for(roles_of(role))


def passwords_off() -> Problem:
    return Problem(
        403,
        _("Passwords are not used here"),
        _("Log in another way: the login page lists what this site offers. Nothing was changed."),
        actions=(Action(_("Log in"), url_for(LOGIN)),),
    )
