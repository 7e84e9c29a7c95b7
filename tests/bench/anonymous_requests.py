"""What an anonymous request costs at most, against the bounds in docs/limits.md.

Part of ``make bench``; alone: ``python -m tests.bench.anonymous_requests``.
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

from tests.browser import Person
from tests.test_limits import ROW, TABLE
from webapp.app import close, create_app
from webapp.cli import schema
from webapp.cli.context import CommandContext

ROUNDS = 9
WARM = 3
MANY = {
    "WEBAPP_LOGIN_TRIES_PER_NETWORK": "100000",
    "WEBAPP_LOGIN_TRIES_PER_ACCOUNT": "100000",
    "WEBAPP_LOG_LEVEL": "error",
    "WEBAPP_REGISTRATION": "open",
    "WEBAPP_SMTP_URL": "smtp://127.0.0.1:9",
}
PASSWORD = '4@8({[<369&#!1/|0$5+7%2"*' * 2
SENT = {
    "/login": {"username": "nobody", "password": PASSWORD},
    "/api/auth": {"username": "nobody", "password": PASSWORD},
    "/api/auth/refresh": {"refresh_token": "lkr_" + "a" * 43},
    "/api/auth/revoke": {"token": "a.b.c"},
    "/password-strength": {"password": PASSWORD},
    "/forgot": {"username": "nobody"},
    "/register": {"username": "grace", "email": "grace@example.org", "password": PASSWORD},
}


def measured(person: Person, method: str, path: str) -> float:
    """Median milliseconds of the processor."""
    person.ask("GET", "/login")
    headers = {"X-CSRF-Token": person.csrf_token, "User-Agent": "Version/" + "1" * 6000}
    found = []
    for _ in range(WARM + ROUNDS):
        begun = time.process_time()
        person.ask(method, path, headers=headers, **({"json": SENT[path]} if method == "POST" else {}))
        found.append((time.process_time() - begun) * 1000)
    return statistics.median(found[WARM:])


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        settings = CommandContext({"WEBAPP_INSTANCE": str(Path(folder) / "instance")} | MANY).settings
        schema.upgrade(settings)
        app, is_within = create_app(settings), True
        print(f"{'anonymous request    ':<34}{'ms CPU':>8}{'at most':>9}")
        for method, path, bound in ROW.findall(TABLE.read_text()):
            if "<" in path or (method == "POST" and path not in SENT):
                continue
            cost = measured(Person(app), method, path)
            is_within &= cost <= int(bound)
            print(f"{method + ' ' + path:<34}{cost:>8.1f}{bound:>9}")
        close(app)
    return 0 if is_within else 1


if __name__ == "__main__":
    sys.exit(main())
