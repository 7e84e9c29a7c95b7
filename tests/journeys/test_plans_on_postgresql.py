"""With many rows, PostgreSQL finds what a page shows by an index, and reads no more than the page needs."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests import factories
from tests.bench.scale.__main__ import site
from tests.bench.scale.filling import Size, fill
from tests.bench.scale.requests import BUSY, Ask, requests_of, scalar
from tests.script import Script
from tests.statements import statements
from webapp.accounts import user_queries
from webapp.audit import paging
from webapp.audit.models import AuditEvent
from webapp.core import bounded_count
from webapp.core.db import Database
from webapp.credentials import live_by_kind
from webapp.testing import as_user
from webapp.web.registry import services_of

SIZE = Size(12_000, 60_000, 100_000)
LARGE = "user", "credential", "audit_event"
# Fewer than any of the tables has. A tenth of the audit events are of one kind, and an index of so few is read whole.
MOST = 11_000
# Only rows that change: each has an entry in twenty indexes.
ENABLE_ALL = 'UPDATE "user" SET disabled_at = NULL WHERE disabled_at IS NOT NULL'
DISABLE_FORMER = 'UPDATE "user" SET disabled_at = former.disabled_at FROM former WHERE former.id = "user".id'
ANALYZE = 'VACUUM (ANALYZE) "user"'


@pytest.fixture(scope="module")
def filled(postgresql: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    url = postgresql("plans")
    with pytest.MonkeyPatch.context() as patch, site(url, tmp_path_factory.mktemp("plans") / "instance") as app:
        fill(url, SIZE)
        patch.setattr(bounded_count, "EXACT_TABLE", 1_000)
        patch.setattr(user_queries, "TOO_MANY_TO_SORT", 1_000)
        yield app


@pytest.fixture(scope="module")
def requests(filled: Flask) -> Mapping[str, Ask]:
    return requests_of(filled, SIZE)


def test_no_request_reads_a_large_table(filled: Flask, requests: Mapping[str, Ask]) -> None:
    found = [
        f"{name}: {fault}"
        for name, ask in requests.items()
        for sql, values in asked(filled, ask)
        for fault in faults(plan_of(filled, sql, values))
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("sort", "last"), [("name", "username_key DESC"), ("created", "created_at"), ("seen", "last_login_at")]
)
def test_no_request_reads_all_users_where_the_disabled_are_last(filled: Flask, sort: str, last: str) -> None:
    admin = as_user(filled, f"chief-{sort}", role="super_admin")
    theirs = f'SELECT id FROM "user" WHERE last_login_at IS NOT NULL ORDER BY {last} LIMIT {2 * user_queries.MAX_IDS}'
    with disabled(filled, theirs):
        statements = asked(filled, lambda: admin.get(f"/admin/users?view=disabled&sort={sort}"))
        plans = [plan_of(filled, sql, values) for sql, values in statements]
    assert not [fault for plan in plans for fault in faults(plan, 4 * user_queries.MAX_IDS)]


@contextmanager
def disabled(app: Flask, theirs: str) -> Iterator[None]:
    """These users are disabled, and no others."""
    url = services_of(app).get(Database).engine.url
    with psycopg.connect(url.set(drivername="postgresql").render_as_string(), autocommit=True) as connection:
        connection.execute('CREATE TABLE former AS SELECT id, disabled_at FROM "user" WHERE disabled_at IS NOT NULL')
        for change in (ENABLE_ALL, f'UPDATE "user" SET disabled_at = 1 WHERE id IN ({theirs})', ANALYZE):
            connection.execute(change)
        yield
        for change in (ENABLE_ALL, DISABLE_FORMER, "DROP TABLE former", ANALYZE):
            connection.execute(change)


def test_no_page_of_activity_reads_all_events_where_none_is_of_its_kind(
    filled: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = scalar(filled, f'SELECT username FROM "user" WHERE id = {BUSY}')
    assert scalar(filled, f"SELECT count(*) FROM audit_event WHERE user_id = {BUSY}") > 900
    monkeypatch.setitem(paging.KINDS, "refusals", AuditEvent.event == "never.happened")
    monkeypatch.setattr(paging, "LOOKED_THROUGH", 100)
    browser = as_user(filled, name)
    statements = asked(filled, lambda: browser.get("/account/activity?kind=refusals"))
    events = [(sql, values) for sql, values in statements if "FROM audit_event" in sql]
    assert len(events) > 2
    assert not [fault for sql, values in events for fault in faults(plan_of(filled, sql, values), 200)]


def test_live_credentials_of_a_large_table_are_estimated_from_few_pages(
    filled: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = "SELECT id FROM credential WHERE kind = 'token' ORDER BY expires_at DESC LIMIT 7"
    with services_of(filled).get(Database).engine.connect() as connection, Session(connection) as db:
        db.execute(text(f"UPDATE credential SET kind = 'trust' WHERE id IN ({live})"))
        exact = live_by_kind.live_by_kind(db)
        monkeypatch.setattr(live_by_kind, "COUNTED_PAGES", 100)
        monkeypatch.setattr(live_by_kind, "SAMPLED_PAGES", 100)
        with statements(filled) as found:
            about = live_by_kind.live_by_kind(db)
        plans = [plan_of(filled, sql, values) for sql, values in found if "FROM credential" in sql]
        db.rollback()
    assert exact["token"] > 10_000
    assert about["trust"] == exact["trust"] == 7
    assert {kind: about[kind] for kind in exact} == pytest.approx(exact, rel=0.1)
    assert about != exact
    assert not [fault for plan in plans for fault in faults(plan)]


def asked(app: Flask, ask: Ask) -> list[tuple[str, Any]]:
    """Each statement that reads, once, of a request that is not the first of its kind."""
    ask()
    with statements(app) as found:
        assert ask().status_code < 400
    once = {(sql, repr(values)): (sql, values) for sql, values in found if sql.startswith("SELECT")}
    return list(once.values())


def plan_of(app: Flask, sql: str, values: Any) -> dict[str, Any]:
    with services_of(app).get(Database).engine.connect() as connection:
        found = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", values).scalar()
        connection.rollback()
    plan: dict[str, Any] = found[0]["Plan"]
    return plan


def faults(plan: dict[str, Any], most: int = MOST) -> Iterator[str]:
    kind, table, rows = plan["Node Type"], plan.get("Relation Name"), rows_read(plan)
    if kind == "Seq Scan" and table in LARGE:
        yield f"{kind} of {table}"
    if rows > most:
        yield f"{kind} of {table or plan.get('Index Name')} reads {rows:,} rows"
    for part in plan.get("Plans", []):
        yield from faults(part, most)


def rows_read(plan: dict[str, Any]) -> int:
    left_out = sum(count for name, count in plan.items() if name.startswith("Rows Removed by"))
    rows: int = (plan["Actual Rows"] + left_out) * plan["Actual Loops"]
    return rows


def test_many_users_are_estimated(filled: Flask) -> None:
    script = Script(filled, factories.api_token(filled, factories.user(filled, role="admin"), "admin:read").token)
    found = script.get("/admin").json
    assert found["precision"]["people"] == "about"
    assert 0.9 < found["people"] / SIZE.users < 1.1
