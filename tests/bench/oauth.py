"""What logging in to an app costs: authorization endpoint, token endpoint, userinfo; with few rows and with many.

Part of ``make bench``; alone: ``python -m tests.bench.oauth [CLIENTS GRANTS]``. Milliseconds of the processor, medians.
"""

import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from tests import factories
from tests.bench.__main__ import bare, caller, compare
from tests.browser import Person
from tests.oauth.app import App, registered
from webapp.app import close, create_app
from webapp.cli import schema
from webapp.cli.context import CommandContext

ROUNDS, WARM = 60, 20
CALM = {"WEBAPP_LOGIN_TRIES_PER_NETWORK": "100000", "WEBAPP_LOG_LEVEL": "error"}
FEW = 100, 100
BUDGET = {"authorize": 6.0, "token by code": 4.0, "token by refresh": 4.0}
GROWTH = 1.5
USERINFO = 2.0
"""In times of a bare route."""
APPS = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :clients)
INSERT INTO oauth_client (id, name, {columns}) SELECT lower(hex(randomblob(16))), 'App ' || i, {columns}
FROM n, oauth_client WHERE oauth_client.id = :like
"""
GRANTS = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :grants)
INSERT INTO credential (id, key, kind, user_id, created_at, expires_at, auth_time, amr, authority)
SELECT id, id, 'refresh', :owner, :now, :now + 8640000000000, :now, 'pwd', '{"scopes":["openid"]}'
FROM (SELECT lower(hex(randomblob(16))) AS id FROM n)
"""
FAMILIES = """
INSERT INTO refresh_family (id, client_id, app_name, access_lifetime, user_agent)
SELECT id, :client, 'App', :lifetime, '' FROM credential WHERE kind = 'refresh'
AND id NOT IN (SELECT id FROM refresh_family)
"""
TOKENS = """
INSERT INTO refresh_token (digest, family_id, generation, created_at)
SELECT randomblob(32), id, 1, :now FROM refresh_family WHERE id NOT IN (SELECT family_id FROM refresh_token)
"""


def fill(file: Path, client: str, owner: str, size: tuple[int, int]) -> None:
    """Put that many apps, and grants of another user to the measured one, into the tables."""
    clients, grants = size
    values = {"clients": clients, "grants": grants, "like": client, "client": client, "owner": owner}
    values |= {"now": int(time.time() * 1_000_000), "lifetime": "1970-01-01 01:00:00.000000"}
    with closing(sqlite3.connect(file)) as database:
        names = [row[1] for row in database.execute("PRAGMA table_info(oauth_client)")]
        columns = ", ".join(name for name in names if name not in ("id", "name"))
        database.execute(APPS.replace("{columns}", columns), values)
        for statement in (GRANTS, FAMILIES, TOKENS):
            database.execute(statement, values)
        database.execute("ANALYZE")
        database.commit()


def median(call: Callable[[], object]) -> float:
    found = []
    for number in range(WARM + ROUNDS):
        begun = time.process_time()
        call()
        if number >= WARM:
            found.append(time.process_time() - begun)
    return statistics.median(found) * 1000


def times_of(wiki: App, person: Person) -> dict[str, float]:
    codes: list[str] = []
    found = {"authorize": median(lambda: codes.append(wiki.authorize(person)["code"]))}
    secrets: list[str] = []
    waiting = iter(codes)
    found["token by code"] = median(lambda: secrets.append(wiki.redeem(next(waiting)).json["refresh_token"]))
    # One each, because a login may refresh a few times a minute only.
    held = iter(secrets)
    found["token by refresh"] = median(lambda: wiki.refresh(next(held)).json["access_token"])
    found["list of apps"] = median(lambda: person.ask("GET", "/admin/clients"))
    return found


def measure(size: tuple[int, int]) -> tuple[dict[str, float], float]:
    """Milliseconds of each call, and userinfo in times of a bare route."""
    with tempfile.TemporaryDirectory() as folder:
        instance = Path(folder, "instance")
        settings = CommandContext({"WEBAPP_INSTANCE": str(instance), **CALM}).settings
        schema.upgrade(settings)
        app = create_app(settings)
        wiki = registered(app, is_first_party=True)
        factories.user(app, "ada", role="super_admin")
        others = factories.user(app, "others")
        fill(instance / "latchkey.db", wiki.client_id.replace("-", ""), others.id.hex, size)
        person = Person(app)
        person.log_in("ada")
        found = times_of(wiki, person)
        token = wiki.redeem(wiki.authorize(person)["code"]).json["access_token"]
        userinfo = caller(app, "/oauth/userinfo", HTTP_AUTHORIZATION=f"Bearer {token}")
        _seconds, ratio = compare(userinfo, caller(bare(), "/"))
        close(app)
    return found, ratio


def main(clients: int = 2_000, grants: int = 50_000) -> int:
    few, ratio = measure(FEW)
    many, _ratio = measure((clients, grants))
    over = []
    print(f"{'ms CPU':<18}{f'{FEW[1]:,} grants':>14}{f'{grants:,} grants':>18}{'budget':>8}")
    for name in few:
        print(f"{name:<18}{few[name]:>14.2f}{many[name]:>18.2f}{BUDGET.get(name, ''):>8}")
        if few[name] > BUDGET.get(name, few[name]) or many[name] > GROWTH * few[name]:
            over.append(name)
    print(f"userinfo: {ratio:.2f} × bare Flask, budget {USERINFO}")
    over += ["userinfo"] if round(ratio, 2) > USERINFO else []
    print(f"OVER BUDGET: {', '.join(over)}" if over else f"All within budget, and within {GROWTH} × with many rows.")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
