"""redirect_externally(): sends a browser to another site, such as an app or an identity provider."""

from flask import Response, make_response, redirect, render_template, request


def redirect_externally(url: str, site: str = "") -> Response:
    """Send a browser to the URL of another site.

    After a form of this site has been submitted, Chromium refuses redirects to other sites (``form-action`` of the
    content security policy). Then a page of this site redirects.

    Args:
        site: its name, for that page.
    """
    if request.headers.get("Sec-Fetch-Site") == "same-origin":
        return make_response(render_template("login/external_redirect.html", url=url, site=site))
    return make_response(redirect(url, 303))
