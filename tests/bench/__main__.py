"""Whole requests in one process, each kind in turn with a bare Flask route; medians and ratios of CPU time."""

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
from webapp.settings import Settings

ROUNDS = 25
BLOCK = 0.05
BUDGET = {"by token": 2.0, "by session": 3.0, "anonymous": 1.6}

Call = Callable[[], None]


def bare() -> Flask:
    app = Flask("bare")

    @app.get("/")
    def hello() -> dict[str, str]:
        return {"hello": "world"}

    return app


def house(folder: Path) -> Flask:
    settings = Settings.from_env({"WEBAPP_INSTANCE": str(folder)})
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
        app = house(Path(folder) / "instance")
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
        is_within = True
        for name, call in calls.items():
            seconds, ratio = compare(call, base)
            limit = BUDGET.get(name)
            is_within &= limit is None or ratio <= limit
            print(f"{name:<14}{seconds * 1e6:>9.1f}{ratio:>9.2f}{limit or '':>9}")
        close(app)
    return 0 if is_within else 1


if __name__ == "__main__":
    sys.exit(main())
