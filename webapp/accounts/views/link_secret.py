"""The secret of a mailed link, moved from the URL: into the signed session cookie and the form, until it is used."""

from flask import request, session

from webapp.web.body import submitted

FIELD = "link"


def remember(purpose: str, secret: str) -> None:
    session[session_key(purpose)] = secret


def opened(purpose: str) -> str:
    """The secret of the link that this page or browser opened; empty if there is none.

    The form's own comes first: its page may be older than what the cookie holds by now, after another link or a login.
    """
    submitted_secret = submitted().get(FIELD) if request.method == "POST" else None
    found = submitted_secret or session.get(session_key(purpose))
    return found if isinstance(found, str) else ""


def drop(purpose: str) -> None:
    session.pop(session_key(purpose), None)


def session_key(purpose: str) -> str:
    return f"link:{purpose}"
