"""/.latchkey/login and /.latchkey/arrive at the host of an app: start and end of a login to this app."""

from urllib.parse import quote

from flask import Response, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from webapp.core.digests import new_secret
from webapp.core.translation import _
from webapp.forward_auth import tickets
from webapp.forward_auth.host_cookies import LONGEST, STATE_LIFETIME, login_cookie, state_cookie
from webapp.forward_auth.views.blueprint import LONGEST_RETURN, OWN_PATH, app_origin, bp, login_url, site_url
from webapp.guard.require import public_to_scripts
from webapp.web.known_fields import reads
from webapp.web.problems import Action, Problem
from webapp.web.transaction import writable


@bp.get(f"{OWN_PATH}login")
@public_to_scripts
@reads("rd")
def begin() -> ResponseReturnValue:
    """Begin a login at the host of an app: the browser gets a cookie and is sent to the login of this site."""
    scheme, host = app_origin(request)
    target = returned_to(request.args.get("rd", ""))
    state = request.cookies.get(state_cookie(scheme), "")
    if not 40 <= len(state) <= LONGEST:
        state = new_secret()
    back = quote(f"{scheme}://{host}{target}", safe="")
    url = site_url(url_for("forward_auth.start")) + f"?rd={back}&state={tickets.state_digest(state)}"
    response = make_response(redirect(url, 303))
    set_cookie(response, state_cookie(scheme), state, scheme, max_age=STATE_LIFETIME)
    return response


@bp.get(f"{OWN_PATH}arrive")
@public_to_scripts
@reads("ticket")
def redeem_ticket() -> ResponseReturnValue:
    """End a login at the host of an app: a ticket of this site becomes a cookie for this host alone."""
    scheme, host = app_origin(request)
    state = request.cookies.get(state_cookie(scheme), "")
    try:
        arrived = tickets.redeem(writable(), request.args.get("ticket", "")[:LONGEST], state[:LONGEST], host)
    except tickets.TicketInvalid as error:
        raise Problem(
            400,
            _("The login did not finish"),
            _(
                "It took longer than 30 seconds, was finished before, or your browser did not accept the cookie of "
                "this site. Try again."
            ),
            actions=[Action(_("Try again"), login_url(f"{scheme}://{host}", "/"))],
        ) from error
    response = make_response(redirect(arrived.url, 303))
    response.delete_cookie(state_cookie(scheme), secure=scheme == "https")
    set_cookie(response, login_cookie(scheme), arrived.secret, scheme)
    # The ticket is used up, but the app should not see it all the same.
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def returned_to(target: str) -> str:
    """Path and query at the host to return to; the start page for what is none."""
    is_plain = target.startswith("/") and not target.startswith(("//", "/\\", OWN_PATH)) and target.isascii()
    return target if is_plain and target.isprintable() and len(target) <= LONGEST_RETURN else "/"


def set_cookie(response: Response, name: str, value: str, scheme: str, *, max_age: int | None = None) -> None:
    response.set_cookie(name, value, max_age=max_age, path="/", secure=scheme == "https", httponly=True, samesite="Lax")
