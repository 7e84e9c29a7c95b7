"""leave_to(): sends a browser to the URL of an app."""

from flask import Response, make_response, redirect, render_template, request


def leave_to(url: str, site: str = "") -> Response:
    """Send a browser to the URL of an app.

    After a form of this site has been submitted, Chromium refuses redirects to other sites (``form-action`` of the
    content security policy). Then a page of this site leads on.

    Args:
        site: name of the app, for that page.
    """
    if request.headers.get("Sec-Fetch-Site") == "same-origin":
        return make_response(render_template("login/leave.html", url=url, site=site))
    return make_response(redirect(url, 303))
