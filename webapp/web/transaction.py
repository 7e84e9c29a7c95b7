"""db(): the database transaction of the request; committed after a response below 400, else rolled back."""

from contextlib import AbstractContextManager

from flask import Flask, Response, after_this_request, g, request, session
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from webapp.core.db import Database, Unavailable, outages
from webapp.web import problems
from webapp.web.registry import service, services_of

READS = {"GET", "HEAD", "OPTIONS", "TRACE"}


def database() -> Database:
    """The database, for short transactions besides that of the request.

    Such as what must be stored even if the request is refused, or what must not stay locked during a password hash.
    """
    return service(Database)


def db() -> Session:
    """The session of the request's transaction, begun at the first call; read-only for safe methods.

    Raises:
        Unavailable: the database cannot be reached or is locked.
    """
    if "db" not in g:
        begin(database().read() if request.method in READS else database().write())
    session: Session = g.db
    return session


def writable() -> Session:
    """As ``db()``, but also writable for a GET: where another site sends a browser back, as after a login there.

    Call it before the first ``db()`` of such a request.
    """
    if "db" not in g:
        begin(database().write())
    session: Session = g.db
    return session


def begin(opened: AbstractContextManager[Session]) -> None:
    g.db, g.transaction = opened.__enter__(), opened
    after_this_request(finish)


class RolledBack(Exception):
    """Passed to the transaction to roll it back: the response is 400 or above."""


def finish(response: Response) -> Response:
    """Commit or roll back the transaction of the request; the response, or a 500 or 503 if the commit failed."""
    # A refusal found after the first write must undo that write. What must survive a refusal (rate limit counters, the
    # event of a failed login) was committed before, in a short transaction of its own.
    opened = g.pop("transaction", None)
    g.pop("db", None)
    if opened is None:
        return response
    error = RolledBack() if response.status_code >= 400 else None
    try:
        opened.__exit__(type(error) if error else None, error, None)
    except Unavailable as outage:
        response = problems.from_outage(outage)
    except Exception as fault:
        response = problems.from_fault(fault)
    if response.status_code >= 500:
        # The database was rolled back, so the session cookie must not change either.
        session.modified = False
    return response


def roll_back() -> None:
    """Undo the request's transaction now, for a refusal that writes in a transaction of its own."""
    g.pop("db", None)
    if (opened := g.pop("transaction", None)) is not None:
        error = RolledBack()
        opened.__exit__(RolledBack, error, None)


def from_database(error: SQLAlchemyError) -> Response:
    """Error handler for SQLAlchemy's exceptions within a view: 503 if the database is unavailable, else 500."""
    try:
        with outages():
            raise error
    except Unavailable as outage:
        return problems.from_outage(outage)
    except SQLAlchemyError as fault:
        return problems.from_fault(fault)


def init_app(app: Flask, database: Database) -> None:
    """Register the database as a service, and the error handler."""
    services_of(app).provide(Database)(database)
    app.register_error_handler(SQLAlchemyError, from_database)
