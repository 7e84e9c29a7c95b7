"""Time of the admin lists with 100,000 users and a million events; run it, it is no test."""

import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from werkzeug.test import TestResponse

from tests import factories
from tests.bench.__main__ import site
from tests.browser import Person
from tests.script import Script
from webapp.app import close

USERS, EVENTS, ROUNDS = 100_000, 1_000_000, 7
# Their names come in no order, and very few of them are disabled: to walk through all of them would take long.
PEOPLE = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :users)
INSERT INTO user (id, username, username_key, email, email_key, password_hash, role, created_at,
  last_login_at, disabled_at)
SELECT printf('%032x', i), 'user' || (i * 7368787 % 16777216), 'user' || (i * 7368787 % 16777216),
  'm' || (i * 7919 % :users) || '@example.org',
  'm' || (i * 7919 % :users) || '@example.org', 'x', 'user', :now - i * 60000000,
  CASE i % 3 WHEN 0 THEN NULL ELSE :now - (i % 200) * 86400000000 END, CASE i % 30000 WHEN 0 THEN :now END FROM n
"""
TOKENS = """
INSERT INTO credential (id, key, kind, user_id, created_at, expires_at, auth_time, amr)
SELECT id, id, 'token', id, :now, :now + 8640000000000, :now, 'pwd' FROM user WHERE password_hash = 'x'
"""
HAPPENED = """
WITH RECURSIVE n(i) AS (SELECT (SELECT seq + 1 FROM audit_head) UNION ALL SELECT i + 1 FROM n WHERE i < :events)
INSERT INTO audit_event (id, seq, digest, at, event, user_id, address, details)
SELECT printf('%032x', i), i, zeroblob(32), :now - (:events - i) * 1000000,
  CASE i % 4 WHEN 0 THEN 'session.refused' ELSE 'session.started' END, printf('%032x', i * 7919 % :users),
  '10.0.' || (i % 200) || '.7', '{"amr": "pwd"}' FROM n
"""
PATHS = (
    "/admin",
    *(f"/admin/users?{query}" for query in ("", "sort=seen", "sort=created", "q=user5", "q=u", "q=m", "q=m99", "q=zz")),
    *(
        f"/admin/users?{query}"
        for query in ("view=never", "view=dormant", "view=disabled", "view=tokens", "view=one_factor", "role=admin")
    ),
    "/admin/users?role=user&view=never&q=user9&sort=seen",
    "/admin/users?role=user&view=disabled&q=u&sort=seen",
    *(f"/admin/audit?{query}" for query in ("", "user=user77", "event=session.refused", "ip_address=10.0.7.7")),
    "/admin/audit?actor=user77",
    "/admin/audit?since=2020-01-01&until=2030-01-01",
    "/admin/audit?event=token.revoked&user=user5",
    "/admin/audit?event=session.refused&ip_address=10.0.7.7&before=500000",
)


def milliseconds(call: Callable[..., TestResponse], path: str) -> float:
    took = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        answer = call("GET", path) if call.__name__ == "ask" else call(path)
        took.append((time.perf_counter() - begun) * 1000)
        if answer.status_code != 200:
            raise SystemExit(f"{path}: {answer.status}")
    return statistics.median(took)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        app = site(Path(folder, "instance"))
        script = Script(
            app, factories.api_token(app, factories.user(app, "chief", role="super_admin"), "admin:read").token
        )
        with closing(sqlite3.connect(Path(folder, "instance", "latchkey.db"))) as file:
            said = {"users": USERS, "events": EVENTS, "now": int(time.time() * 1_000_000)}
            for statement in (PEOPLE, TOKENS, HAPPENED):
                file.execute(statement, said)
            file.execute("UPDATE audit_head SET seq = ?", (EVENTS,))
            file.commit()
        person = Person(app)
        person.log_in("chief")
        for path in PATHS:
            print(
                f"{milliseconds(script.get, path):8.1f} ms JSON {milliseconds(person.ask, path):8.1f} ms page  {path}"
            )
        close(app)


if __name__ == "__main__":
    main()
