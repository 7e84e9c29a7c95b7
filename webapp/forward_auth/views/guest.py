"""/.latchkey/guest at the host of an app: a guest link becomes a cookie for this host alone."""

from urllib.parse import quote

from flask import make_response, redirect, request
from flask.typing import ResponseReturnValue

from webapp.core.clock import now
from webapp.core.translation import _
from webapp.forward_auth import guest_links
from webapp.forward_auth.host_cookies import LONGEST, login_cookie
from webapp.forward_auth.models import ProxiedApp
from webapp.forward_auth.views.blueprint import OWN_PATH, app_origin, bp, forward_auth
from webapp.forward_auth.views.redeem_ticket import set_cookie
from webapp.guard.require import public_to_scripts
from webapp.sessions.lifecycle import credential_key
from webapp.web.known_fields import reads
from webapp.web.problems import Problem
from webapp.web.transaction import database


@bp.get(f"{OWN_PATH}guest")
@public_to_scripts
@reads("link")
def open_guest_link() -> ResponseReturnValue:
    """Open a guest link: the browser may read one part of the app until the link ends."""
    scheme, host = app_origin(request)
    app, secret = forward_auth().table().by_host[host], request.args.get("link", "")[:LONGEST]
    with database().read() as reading:
        row = guest_links.find(reading, secret, app.id)
    if row is None:
        raise Problem(404, _("This link does not work"), _("It has ended or was revoked. Ask for a new one."))
    moment = now()
    if guest_links.is_to_be_noted(row, moment):
        with database().write() as db:
            if (found := guest_links.find(db, secret, app.id)) is not None:
                guest_links.note_opening(db, db.get_one(ProxiedApp, app.id), found)
    response = make_response(redirect(f"{scheme}://{host}{quote(row.prefix, safe='/')}", 303))
    own = request.cookies.get(login_cookie(scheme), "")[:LONGEST]
    # One cookie for each host. A login is worth more than a link.
    if not own or forward_auth().query.by_cookie(credential_key(own), app.id, host) is None:
        max_age = int((row.expires_at - moment).total_seconds())
        set_cookie(response, login_cookie(scheme), secret, scheme, max_age=max_age)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
