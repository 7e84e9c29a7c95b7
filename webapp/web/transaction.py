"""One request, one transaction."""

from contextlib import AbstractContextManager

from flask import Flask, Response, after_this_request, g, request, session
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from webapp.core.db import Database, Unavailable, outages
from webapp.web import problems
from webapp.web.registry import service, services_of

READS = {"GET", "HEAD", "OPTIONS", "TRACE"}


def database() -> Database:
    """For short transactions beside the request's: what must survive a refusal, what must not span a hash."""
    return service(Database)


def db() -> Session:
    """The request's own transaction, begun when first asked for; read-only where the method changes nothing."""
    if "db" not in g:
        opened: AbstractContextManager[Session] = database().read() if request.method in READS else database().write()
        g.db, g.transaction = opened.__enter__(), opened
        after_this_request(finish)
    begun: Session = g.db
    return begun


class RolledBack(Exception):
    """An answer of 400 or above, or a fault: nothing of the request's transaction is kept."""


def finish(response: Response) -> Response:
    # Half a deed is none: a refusal found after the first write takes that write back. What must survive a refusal
    # (the throttle's counters, the event of a failed login) was written in a short transaction of its own before.
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
        # What did not happen in the database must not have happened in the cookie.
        session.modified = False
    return response


def from_database(error: SQLAlchemyError) -> Response:
    """What a view meets in the middle of its transaction, which nobody has wrapped for it."""
    try:
        with outages():
            raise error
    except Unavailable as outage:
        return problems.from_outage(outage)
    except SQLAlchemyError as fault:
        return problems.from_fault(fault)


def init_app(app: Flask, database: Database) -> None:
    services_of(app).provide(Database)(database)
    app.register_error_handler(SQLAlchemyError, from_database)
