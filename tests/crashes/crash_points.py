"""Crash points: places in the write path at which a served site ends itself with SIGKILL; a plug-in for tests only.

A request says in its header at which of its places that happens, counted from 1: before BEGIN and each statement,
before and after COMMIT, before the response is sent and after it. With 0 its places are only written down.
"""

import os
import signal
import threading
from collections.abc import Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from flask import Blueprint
from flask.blueprints import BlueprintSetupState
from sqlalchemy import Connection, Engine, event
from sqlalchemy.orm import Session

from webapp.core.db import Database
from webapp.core.driver_statements import DriverStatement, connection_of
from webapp.web.registry import services_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

HEADER, MAILING = "X-Crash-At", "X-Crash-Mailing-At"
FILE = "LATCHKEY_TEST_PLACES"
"""Environment variable with the path of the file to which each place is written that is passed or died at."""
MAIL_THREAD = "mail"

bp = Blueprint("crashes", __name__)
here = threading.local()
of_mails: list["Countdown"] = []
"""What counts in the thread that sends mails; none or one."""


class Countdown:
    def __init__(self, at: int) -> None:
        self.at, self.passed = at, 0

    def reach(self, place: str) -> None:
        self.passed += 1
        with open(os.environ[FILE], "a") as file:
            file.write(f"{place}\n")
        if self.passed == self.at:
            os.kill(os.getpid(), signal.SIGKILL)


def reach(place: str) -> None:
    counting = getattr(here, "counting", None)
    if counting is None and of_mails and threading.current_thread().name == MAIL_THREAD:
        counting = of_mails[0]
    if counting is not None:
        counting.reach(place)


class Response:
    """The body of a response; its ``close`` does what is done after sending it, maybe in another thread."""

    def __init__(self, body: Iterable[bytes], counting: Countdown) -> None:
        self.body, self.counting = body, counting

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.body)

    def close(self) -> None:
        here.counting = self.counting
        try:
            reach("after the response")
            getattr(self.body, "close", lambda: None)()
        finally:
            here.counting = None


def counted(app: "WSGIApplication") -> "WSGIApplication":
    def call(environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        if MAILING_KEY in environ:
            of_mails[:] = [Countdown(int(environ[MAILING_KEY]))]
        if HEADER_KEY not in environ:
            return app(environ, start)
        here.counting = counting = Countdown(int(environ[HEADER_KEY]))
        try:
            body = app(environ, start)
            reach("before the response")
            return Response(body, counting)
        finally:
            here.counting = None

    return call


HEADER_KEY, MAILING_KEY = (f"HTTP_{name.upper().replace('-', '_')}" for name in (HEADER, MAILING))


def words_of(sql: str) -> str:
    return " ".join(sql.split()[:3])


watched = list[Engine]()
"""Of transactions that may write."""


@bp.record_once
def watch(state: BlueprintSetupState) -> None:
    app: Any = state.app
    if not watched:
        event.listen(Session, "after_commit", lambda _db: reach("after COMMIT"))
        DriverStatement.execute = counted_execute  # type: ignore[method-assign]
    engine = services_of(app).get(Database).engine
    watched.append(engine)
    for name in ("begin", "commit"):
        # Before the product's own listener, which runs BEGIN.
        event.listen(engine, name, partial(before, name.upper()), insert=True)
    event.listen(
        engine, "before_cursor_execute", lambda connection, _cursor, sql, *_: before(words_of(sql), connection)
    )
    app.wsgi_app = counted(app.wsgi_app)


def before(what: str, connection: Connection) -> None:
    # PostgreSQL's engine for reading is a view of the same one, and hears the same events.
    if connection.engine in watched:
        reach(f"before {what}")


execute = DriverStatement.execute


def counted_execute(statement: DriverStatement, db: Session, values: dict[str, Any]) -> Any:
    db.flush()
    connection = connection_of(db)
    before(words_of(statement.compiled_for(connection.dialect).sql), connection)
    return execute(statement, db, values)
