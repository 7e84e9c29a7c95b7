"""What a guarded request costs with a thousand tokens in the table, and with a million.

Run alone: ``python -m tests.bench.growth``. A few hundred tokens take turns, so that neither one row nor one answer
stays warm.
"""

import itertools
import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from flask import Flask

from tests import factories
from tests.bench.__main__ import Call, bare, caller, compare, site
from webapp.app import close
from webapp.core.db import Database
from webapp.web.registry import services_of

SIZES = (1_000, 1_000_000)
IN_USE = 256
# The larger may cost so much more than the smaller.
BUDGET = 1.10
FILL = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)
INSERT INTO credential (id, key, kind, user_id, created_at, expires_at, auth_time, amr, authority)
SELECT hex, hex, 'token', :owner, :now, :now + 8640000000000, :now, 'pwd', '{"scopes":["protected:read"]}'
FROM (SELECT lower(hex(randomblob(16))) AS hex FROM n)
"""


def fill(app: Flask, file: Path, count: int) -> None:
    owner = factories.user(app)
    with closing(sqlite3.connect(file)) as database:
        database.execute(FILL, {"count": count, "owner": owner.id.hex, "now": int(time.time() * 1_000_000)})
        database.commit()


def in_turn(app: Flask) -> Call:
    owner = factories.user(app)
    tokens = [factories.api_token(app, owner, "protected:read").token for _ in range(IN_USE)]
    calls = itertools.cycle([caller(app, "/protected", HTTP_AUTHORIZATION=f"Bearer {token}") for token in tokens])
    return lambda: next(calls)()


def measure(count: int) -> float:
    """How many times a bare route."""
    with tempfile.TemporaryDirectory() as folder:
        app = site(Path(folder, "instance"))
        fill(app, Path(folder, "instance", "latchkey.db"), count)
        seconds, ratio = compare(in_turn(app), caller(bare(), "/"))
        database = services_of(app).get(Database)
        rows = database.row("SELECT count(*) FROM credential")
        print(f"{rows[0] if rows else 0:>10,} rows {seconds * 1e6:>8.1f} µs {ratio:>6.2f} × bare")
        close(app)
    return ratio


def main() -> int:
    few, many = map(measure, SIZES)
    print(f"{many / few:.3f} × as much with {SIZES[1]:,} as with {SIZES[0]:,}; at most {BUDGET}")
    return 0 if many / few <= BUDGET else 1


if __name__ == "__main__":
    sys.exit(main())
