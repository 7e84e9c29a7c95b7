"""What the login page shows, and where it redirects instead."""

from collections.abc import Sequence
from typing import Any

from flask import current_app, request, session

from webapp.accounts.views.login_buttons import LoginButton, LoginButtonsFor
from webapp.accounts.views.password_refusals import password_login
from webapp.core.translation import _n
from webapp.login.views.hooks import RequestingAppOf
from webapp.mfa.views.passkey_options import rp_ids
from webapp.web.negotiation import wants_page
from webapp.web.registry import service
from webapp.web.templating import span


def only_provider(buttons: Sequence[LoginButton]) -> str | None:
    """The URL of the provider to which the login page redirects at once; None if the page has something to show.

    That is where nobody needs a password, and there is one provider. A page that somebody comes back to after a logout,
    an error or a login elsewhere is shown: otherwise they would be logged in again, or be redirected in a loop.
    """
    is_shown = bool(request.args.keys() - {"next"}) or "_flashes" in session or not wants_page()
    is_prefetched = "Sec-Purpose" in request.headers or request.headers.get("Sec-Fetch-Dest", "document") != "document"
    if password_login().is_for_all or len(buttons) != 1 or is_shown or is_prefetched:
        return None
    return buttons[0].url


def login_page_context(target: str | None, *, wants_password: bool = False) -> dict[str, Any]:
    """The template context of the login page: ways to log in, destination, and the app that requests it.

    Args:
        wants_password: whether an administrator asks for the form where it is only for them.
    """
    lifetime, passwords = current_app.permanent_session_lifetime, password_login()
    has_form = passwords.is_for_all or (wants_password and not passwords.is_off)
    destination = target.partition("?")[0] if target else None
    return {
        "remembered_for": _n("%(num)s day", "%(num)s days", lifetime.days) if lifetime.days else span(lifetime),
        "destination": destination,
        "requesting_app": service(RequestingAppOf)(target) if target else None,
        "registration": current_app.config["REGISTRATION"],
        "passkey_hosts": rp_ids(),
        "login_buttons": service(LoginButtonsFor)(target),
        "has_password_form": has_form,
        "is_for_admins": not passwords.is_for_all and not passwords.is_off,
    }


def stay() -> int | None:
    """The parameter ``stay`` of a link to the login page after a logout or an error; None where it does not matter."""
    return None if password_login().is_for_all else 1
