"""An exception is logged by its type and frames: never with a parameter, a token or a digest."""

import ast
import logging
import subprocess
import sys
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from tests import factories
from tests.guard.example_routes import HTML, add
from tests.script import Script
from webapp.core.db import engine_for
from webapp.core.tracebacks import traceback_of
from webapp.guard import require
from webapp.guard.require import public_to_scripts
from webapp.jobs.leases import Job
from webapp.jobs.worker import JobWorker
from webapp.mail.mailer import Mailer
from webapp.mail.worker import MailWorker
from webapp.web import after_response, registry
from webapp.web.logs import JsonLine, TextLine

TOKEN = ".".join(("eyJhbGciOiJFUzI1NiJ9", "eyJzdWIiOiJhZGEifQ", "c2lnbmF0dXJl"))
DIGEST = "$argon2id$v=19$m=19456" + ",t=2,p=1$c2FsdA$aGFzaA"


@contextmanager
def held():
    """A table of its own, wherever the fault is."""
    with TemporaryDirectory() as folder:
        engine = engine_for(f"sqlite:///{folder}/held.sqlite")
        try:
            with engine.begin() as connection:
                connection.execute(text("CREATE TABLE held (token TEXT PRIMARY KEY, digest TEXT)"))
                yield connection
        finally:
            engine.dispose()


def violates_a_constraint():
    with held() as connection:
        for _ in range(2):
            connection.execute(text("INSERT INTO held VALUES (:token, :digest)"), {"token": TOKEN, "digest": DIGEST})


def does_not_fit_its_column():
    with held() as connection:
        connection.execute(text("SELECT :token"), {"token": [TOKEN, DIGEST]})


def carries_it_in_its_message():
    raise ValueError(f"{TOKEN} is not {DIGEST}")


def carries_it_as_an_argument():
    raise KeyError(TOKEN, {"password": DIGEST})


def carries_it_in_a_note():
    error = RuntimeError()
    error.add_note(TOKEN)
    raise error


def carries_it_behind_another():
    try:
        carries_it_in_its_message()
    except ValueError as error:
        raise LookupError(DIGEST) from error


def carries_it_in_a_group():
    raise ExceptionGroup(TOKEN, [ValueError(DIGEST), ExceptionGroup(TOKEN, [KeyError(TOKEN)])])


def cannot_be_read():
    bytes.fromhex(TOKEN)


def is_no_number():
    int(TOKEN)


def is_no_name():
    getattr(object(), TOKEN)


def is_no_file():
    Path("/nowhere", TOKEN).read_text(encoding="utf-8")


def is_no_code():
    ast.parse(f"password = '{TOKEN}{DIGEST}")


def is_in_an_assertion():
    assert TOKEN == DIGEST, (TOKEN, DIGEST)


RAISING = [
    *(violates_a_constraint, does_not_fit_its_column, carries_it_in_its_message, carries_it_as_an_argument),
    *(carries_it_in_a_note, carries_it_behind_another, carries_it_in_a_group, cannot_be_read, is_no_number, is_no_name),
    *(is_no_file, is_no_code, is_in_an_assertion),
]
raising = pytest.mark.parametrize("fault", RAISING, ids=lambda fault: fault.__name__)


def says_nothing(written: str) -> bool:
    return not any(part in written for secret in (TOKEN, DIGEST) for part in (secret, secret[:12], secret[-12:]))


@raising
@pytest.mark.parametrize("as_json", ["false", "true"])
@pytest.mark.parametrize("accept", [HTML, "*/*"])
def test_an_exception_of_a_view_is_logged_without_values(make_app, capfd, fault, as_json, accept):
    app = make_app(WEBAPP_LOG_JSON=as_json)
    add(app, "/bomb", require(scope="protected:read")(fault), methods=["POST"])
    token = factories.api_token(app, factories.user(app), "protected:read").token
    answer = Script(app, token).post("/bomb", headers={"Accept": accept})
    written = "".join(capfd.readouterr())
    assert answer.status_code == 500
    assert fault.__name__ in written
    assert "unhandled error" in written
    assert says_nothing(written + answer.text)
    assert token[-20:] not in written


@raising
def test_an_exception_after_the_response_is_logged_without_values(app, logged, capfd, fault):
    def view():
        after_response.after_response(fault)
        return "done"

    add(app, "/later", public_to_scripts(view), methods=["POST"])
    assert Script(app).post("/later").text == "done"
    assert "error after the response" in logged()
    assert says_nothing(logged() + "".join(capfd.readouterr()))


@raising
def test_an_exception_of_a_job_is_logged_without_values(database, logged, fault):
    def step(_db):
        fault()

    JobWorker(database, [Job("sweep", timedelta(days=1), step)]).do_due()
    assert "job failed" in logged()
    assert says_nothing(logged())


@raising
def test_an_exception_of_the_mail_worker_is_logged_without_values(app, database, logged, fault):
    class Broken:
        def send(self, mail):
            worker.stop()
            fault()

    worker = MailWorker(database, (mailer := registry.services_of(app).get(Mailer)).encryptor, Broken())
    with database.write() as session:
        mailer.send(session, "test", "ada@example.org")
    worker.wake()
    worker.run()
    assert "mail worker error" in logged()
    assert says_nothing(logged())


@pytest.mark.parametrize("url", ["sqlite:///none", "postgresql+psycopg://ada@localhost/none"])
def test_every_engine_hides_its_parameters(url):
    assert engine_for(url).hide_parameters


def test_engines_are_created_in_one_place():
    making = ("create_engine(", "create_async_engine(", "engine_from_config(", "create_pool_from_url(")
    found = {
        str(file) for file in Path("webapp").rglob("*.py") if any(made in file.read_text("utf-8") for made in making)
    }
    assert found == {"webapp/core/db.py"}


def test_a_postgresql_error_is_logged_by_its_codes_only():
    class UniqueViolation(Exception):
        sqlstate = "23505"

    orig = UniqueViolation(f"duplicate key value\nDETAIL:  Key (token)=({TOKEN}) already exists.")
    error = IntegrityError("INSERT INTO held VALUES (%(token)s)", {"token": TOKEN}, orig, hide_parameters=True)
    assert says_nothing(traceback_of(error))
    assert "sqlalchemy.exc.IntegrityError sqlstate=23505" in traceback_of(error)


def test_an_invalid_error_code_is_not_logged():
    error = DBAPIError("", None, RuntimeError())
    error.sqlstate = f"x {TOKEN}"
    assert traceback_of(error) == "sqlalchemy.exc.DBAPIError"


def test_cyclic_exception_chains_end():
    one, other = ValueError(), KeyError()
    one.__context__, other.__context__ = other, one
    assert traceback_of(one).count("Error") == 2


@pytest.mark.parametrize("formatter", [TextLine(), JsonLine()])
def test_the_cause_is_logged_first_as_in_python(formatter):
    try:
        carries_it_behind_another()
    except LookupError as error:
        made = logging.LogRecord("webapp", logging.ERROR, __file__, 1, "x", None, (type(error), error, None))
        written = formatter.format(made)
    assert written.index("ValueError") < written.index("was the direct cause") < written.index("LookupError")


PROGRAM = """
import json, sys, threading
from webapp.core.tracebacks import print_uncaught
print_uncaught()
token = sys.argv[1]
thread = threading.Thread(target=json.loads, args=(token,), name="reader")
thread.start(); thread.join()
open("/nowhere/known")  if sys.argv[2] == "file" else int(token)
"""


@pytest.mark.parametrize(("kind", "last"), [("number", "\nValueError\n"), ("file", " errno=2 file='/nowhere/known'\n")])
def test_a_command_and_a_thread_print_no_value(kind, last):
    done = subprocess.run([sys.executable, "-c", PROGRAM, TOKEN, kind], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert says_nothing(done.stderr)
    assert "Exception in thread reader:" in done.stderr
    assert "json.decoder.JSONDecodeError" in done.stderr
    assert done.stderr.endswith(last)


def test_warnings_of_libraries_are_logged_in_the_same_way(make_app, capfd, monkeypatch):
    make_app()
    library = logging.getLogger("tests.library")
    library.propagate = False
    monkeypatch.setattr(library, "parent", None)
    try:
        carries_it_in_its_message()
    except ValueError:
        library.exception("fault")
    written = capfd.readouterr().err
    assert " error fault\nTraceback" in written
    assert says_nothing(written)
