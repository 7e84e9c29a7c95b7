"""app_to_open(): the app whose page leads to the login."""

from urllib.parse import parse_qs, urlsplit

from webapp.forward_auth.checks import ForwardAuth


def app_to_open(forward_auth: ForwardAuth, target: str) -> str | None:
    """The name of the app that the browser goes to after the login; None for any other path.

    Args:
        target: path and query after the login.
    """
    path, _mark, query = target.partition("?")
    if not path.endswith("/forward-auth/start"):
        return None
    try:
        host = urlsplit(parse_qs(query).get("rd", [""])[0]).netloc
    except ValueError:
        return None
    app = forward_auth.table().by_host.get(host)
    return app.name if app else None
