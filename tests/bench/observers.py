"""What the access log and the metrics cost a guarded request, each against the same site without them.

    python -m tests.bench.observers

The metrics are counted as ``serve`` does, in files that several processes share. The log goes to /dev/null.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests import factories
from tests.bench.__main__ import Call, caller, compare
from webapp.app import close, create_app
from webapp.cli import schema
from webapp.cli.context import CommandContext

# Percent of the CPU time of a request by token.
BUDGET = {"access log": 50, "metrics": 35}
SETTINGS = {"off": {}, "access log": {"WEBAPP_ACCESS_LOG": "true"}, "metrics": {"WEBAPP_METRICS": "true"}}


def by_token(folder: str, settings: dict[str, str]) -> tuple[Call, object]:
    chosen = CommandContext({"WEBAPP_INSTANCE": folder} | settings).settings
    schema.upgrade(chosen)
    app = create_app(chosen)
    token = factories.api_token(app, factories.user(app, "bench")).token
    return caller(app, "/protected", HTTP_AUTHORIZATION=f"Bearer {token}"), app


def main() -> int:
    names = sys.argv[1:] or list(SETTINGS)
    with tempfile.TemporaryDirectory() as folder:
        calls = {name: by_token(f"{folder}/{number}", SETTINGS[name]) for number, name in enumerate(names)}
        base = calls["off"][0]
        over = []
        for name, (call, _app) in calls.items():
            seconds, ratio = compare(call, base)
            percent = (ratio - 1) * 100
            print(f"{name:<12}{seconds * 1e6:>8.1f} µs{percent:>+7.1f} %")
            over += [name] if percent > BUDGET.get(name, 100) else []
        for _call, app in calls.values():
            close(app)
    print(f"OVER BUDGET: {', '.join(over)}" if over else "All within budget.")
    return 1 if over else 0


if __name__ == "__main__":
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        # Read by prometheus-client when it is imported, so in a process of its own.
        with tempfile.TemporaryDirectory() as shared, Path(os.devnull).open("w") as nowhere:
            environ = os.environ | {"PROMETHEUS_MULTIPROC_DIR": shared}
            command = [sys.executable, "-m", "tests.bench.observers", *sys.argv[1:]]
            sys.exit(subprocess.run(command, env=environ, stderr=nowhere).returncode)
    sys.exit(main())
