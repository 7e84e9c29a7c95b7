"""requesting_app(): what the login page shows of the authorization request that leads to it."""

from urllib.parse import parse_qs

from sqlalchemy.orm import Session

from webapp.core.db import Database
from webapp.login.views.hooks import RequestingApp
from webapp.oauth import clients, pushed_requests
from webapp.oauth.request_rules import Parameters, first

LONGEST_HINT = 254
"""Of an e-mail address (RFC 5321 §4.5.3.1.3); user names are shorter."""


def requesting_app(database: Database, target: str) -> RequestingApp | None:
    """The app whose authorization request a path with query is; None for any other path."""
    path, _mark, query = target.partition("?")
    if not path.endswith("/oauth/authorize"):
        return None
    query_parameters = parse_qs(query)
    with database.read() as db:
        client = clients.find(db, first(query_parameters, "client_id"))
        return RequestingApp(client.name, login_hint(db, query_parameters)) if client else None


def login_hint(db: Session, query_parameters: Parameters) -> str:
    """The ``login_hint`` of a request (OpenID Connect Core §3.1.2.1), if it can be a user name or e-mail address."""
    pushed = pushed_requests.find(
        db, first(query_parameters, "client_id"), first(query_parameters, "request_uri") or ""
    )
    hint = first(parse_qs(pushed.query) if pushed else query_parameters, "login_hint") or ""
    return hint if len(hint) <= LONGEST_HINT and hint.isprintable() else ""
