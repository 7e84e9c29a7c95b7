"""Error handlers for exceptions that several packages raise."""

from flask import Flask

from webapp.accounts.passwords import TooBusy
from webapp.accounts.provisioning import NoAccountPossible
from webapp.login.password_backends import Unreachable
from webapp.login.views.login_errors import no_account_possible, too_busy, unreachable
from webapp.tokens.issuing import TooManyTokens
from webapp.tokens.views import too_many


def register_error_handlers(app: Flask) -> None:
    """Register handlers that turn exceptions of several packages into problem responses."""
    app.register_error_handler(TooBusy, too_busy)
    app.register_error_handler(Unreachable, unreachable)
    app.register_error_handler(NoAccountPossible, no_account_possible)
    app.register_error_handler(TooManyTokens, too_many)
