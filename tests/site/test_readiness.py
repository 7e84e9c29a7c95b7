"""/readyz: 503 with the part that fails; /healthz stays as it is."""

from pathlib import Path
from threading import Event, Thread

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError

from tests.ports import free_port
from tests.script import Script
from tests.statements import statements
from webapp.core.db import Database, Unavailable
from webapp.nodes import heartbeat
from webapp.site import readiness
from webapp.site.readiness import NotReady, Readiness, ReadinessResult, disk_check, reason_of
from webapp.web.registry import services_of


def ready(app):
    return Script(app).get("/readyz")


def test_a_sound_site_is_ready(app):
    answer = ready(app)
    assert (answer.status_code, answer.json) == (200, {"status": "ok"})


def test_the_check_writes_the_row_of_this_node(app, database):
    ready(app)
    with database.read() as db:
        assert len(heartbeat.recently_seen(db)) == 1


def test_a_database_that_cannot_be_opened_is_named(app, instance):
    Script(app).get("/healthz")
    services_of(app).get(Database).close()
    (instance / "latchkey.db").rename(instance / "away")
    answer = ready(app)
    assert answer.status_code == 503
    assert (answer.json["part"], answer.json["reason"]) == ("database", "unreachable")
    assert answer.json["detail"] == "The database does not answer."
    assert answer.headers["Retry-After"] == "5"
    assert Script(app).get("/healthz").status_code == 200


def test_a_read_only_database_is_named(app, database):
    event.listen(database.engine, "begin", lambda connection: connection.exec_driver_sql("PRAGMA query_only=ON"))
    answer = ready(app)
    assert (answer.status_code, answer.json["part"], answer.json["reason"]) == (503, "database", "read-only")


def test_a_full_database_is_named(app, database):
    def fill(connection):
        connection.exec_driver_sql("PRAGMA max_page_count=1")
        with pytest.raises(DBAPIError):
            connection.exec_driver_sql(f"CREATE TABLE t AS SELECT zeroblob({10**6}) AS a")
        connection.exec_driver_sql(f"INSERT INTO node VALUES ('a', zeroblob({10**6}), '', 0, 0)")

    event.listen(database.engine, "begin", fill)
    answer = ready(app)
    assert (answer.status_code, answer.json["part"], answer.json["reason"]) == (503, "database", "full")


def test_a_full_disk_is_named_even_if_a_small_write_still_fits():
    # This file system never has a byte free.
    assert disk_check(Path("/proc"))() == NotReady("disk", "full")
    assert disk_check(Path("/nowhere"))() == NotReady("database", "unreachable")


def test_a_site_whose_valkey_does_not_answer_is_ready_with_a_warning(make_app):
    answer = ready(make_app(WEBAPP_VALKEY_URL=f"valkey://127.0.0.1:{free_port()}"))
    warnings = [{"part": "limits", "reason": "unreachable"}]
    assert (answer.status_code, answer.json) == (200, {"status": "ok", "warnings": warnings})


def test_strangers_cannot_make_it_write_more_than_once_in_five_seconds(app):
    with statements(app) as asked:
        for _ in range(20):
            ready(app)
    assert sum("INSERT INTO node" in sql for sql, _ in asked) == 1


def test_others_get_the_last_result_while_one_thread_checks():
    began, may_end = Event(), Event()
    results = [None, NotReady("database", "failed")]

    def check():
        if len(results) == 1:
            began.set()
            may_end.wait(10)
        return results.pop(0)

    found = Readiness([check])
    assert found.result().failure is None
    found._known = (0.0, ReadinessResult())
    slow = Thread(target=found.result)
    slow.start()
    began.wait(10)
    assert found.result().failure is None
    may_end.set()
    slow.join(10)
    assert found.result().failure == NotReady("database", "failed")


@pytest.mark.parametrize(
    ("sqlstate", "reason"),
    [
        pytest.param("53100", "full", id="disk full"),
        pytest.param("25006", "read-only", id="a standby"),
        pytest.param("42501", "failed", id="no permission"),
    ],
)
def test_the_reason_is_read_from_the_code_of_postgresql(sqlstate, reason):
    class DriverError(Exception):
        pass

    DriverError.sqlstate = sqlstate
    error = Unavailable("the message says nothing")
    error.__cause__ = DBAPIError("INSERT", None, DriverError())
    assert reason_of(error) == reason


def test_a_postgresql_that_became_read_only_is_unavailable_to_writers(postgresql):
    database = Database(postgresql("standby"))
    with database.write() as db:
        db.execute(text("CREATE TABLE t (a int)"))
    with pytest.raises(Unavailable) as refused:
        write_read_only(database)
    assert reason_of(refused.value) == "read-only"
    database.close()


def write_read_only(database):
    with database.write() as db:
        db.execute(text("SET TRANSACTION READ ONLY"))
        db.execute(text("INSERT INTO t VALUES (1)"))


def test_every_failure_has_words():
    parts = {NotReady("database", reason) for reason in ("unreachable", "full", "read-only", "failed")}
    assert set(readiness.WORDS) == parts | {NotReady("disk", "full")}
