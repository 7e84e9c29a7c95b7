"""Whole requests in one process, each kind in turn with a bare Flask route; medians and ratios of CPU time.

It fails when a ratio is over its budget. Other work on the same processor cores takes more from the guarded request,
which has more code to keep in their caches: a ratio from a busy machine is too high by a tenth and more.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from flask import Flask

from tests import factories
from tests.browser import Person
from webapp.app import close, create_app
from webapp.cli import schema
from webapp.cli.context import CommandContext

ROUNDS = 25
BLOCK = 0.05
# In times of the bare route.
BUDGET = {"by token": 2.0, "by session": 2.5, "anonymous": 1.25}

Call = Callable[[], None]


def bare() -> Flask:
    app = Flask("bare")

    @app.get("/")
    def hello() -> dict[str, str]:
        return {"hello": "world"}

    return app


def site(folder: Path) -> Flask:
    settings = CommandContext({"WEBAPP_INSTANCE": str(folder)}).settings
    schema.upgrade(settings)
    return create_app(settings)


def caller(app: Flask, path: str, **environ: str) -> Call:
    prepared = app.test_request_context(path).request.environ | environ
    prepared = {name: value for name, value in prepared.items() if not name.startswith("werkzeug.")}
    seen: list[str] = []

    def start(status: str, headers: Iterable[Any], exc_info: Any = None) -> Callable[[bytes], None]:
        seen.append(status)
        return lambda _: None

    def call() -> None:
        answer = app.wsgi_app(prepared.copy(), start)
        for _ in answer:
            pass
        if hasattr(answer, "close"):
            answer.close()

    call()
    if not seen[0].startswith("200"):
        raise SystemExit(f"{path}: {seen[0]}")
    return call


def block(call: Call, times: int) -> float:
    """CPU seconds for one call."""
    begun = time.process_time()
    for _ in range(times):
        call()
    return (time.process_time() - begun) / times


def compare(call: Call, base: Call) -> tuple[float, float]:
    """Median seconds, and the median of the ratios to the base before and after."""
    for warm in (call, base):
        block(warm, 300)
    times = max(50, int(BLOCK / block(call, 100)))
    found, ratios = [], []
    for _ in range(ROUNDS):
        before, own, after = block(base, times), block(call, times), block(base, times)
        found.append(own)
        ratios.append(own / ((before + after) / 2))
    return statistics.median(found), statistics.median(ratios)


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        app = site(Path(folder) / "instance")
        owner = factories.user(app, "bench")
        token = factories.api_token(app, owner).token
        person = Person(app)
        person.log_in("bench")
        calls = {
            "bare Flask": caller(plain := bare(), "/"),
            "anonymous": caller(app, "/public", HTTP_ACCEPT="application/json"),
            "by token": caller(app, "/protected", HTTP_AUTHORIZATION=f"Bearer {token}"),
            "by session": caller(
                app, "/protected", HTTP_COOKIE=f"session={person.cookie}", HTTP_ACCEPT="application/json"
            ),
        }
        base = caller(plain, "/")
        print(f"{'request':<14}{'µs CPU':>9}{'× bare':>9}{'budget':>9}")
        ratios = {}
        for name, call in calls.items():
            seconds, ratios[name] = compare(call, base)
            print(f"{name:<14}{seconds * 1e6:>9.1f}{ratios[name]:>9.2f}{BUDGET.get(name, ''):>9}")
        close(app)
    over = [name for name, limit in BUDGET.items() if round(ratios[name], 2) > limit]
    print(f"OVER BUDGET: {', '.join(over)}" if over else "All within budget.")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
