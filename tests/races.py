"""Rounds in which two processes do the same at once: which of them wins, and which comes too late."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from flask import Flask

from webapp.app import close, create_app
from webapp.settings import Settings
from webapp.web.registry import services_of

ROOT = Path(__file__).resolve().parents[1]


class Pair:
    """They take longer to come than to race, so they stay, and go to whichever site they are message."""

    def __init__(self) -> None:
        bare = {name: value for name, value in os.environ.items() if not name.startswith("WEBAPP_")}
        command = [sys.executable, "-m", "tests.races"]
        self.processes = [
            subprocess.Popen(command, cwd=ROOT, env=bare, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            for _ in range(2)
        ]

    def race(self, app: Flask, action: str, rounds: Iterable[Iterable[object]]) -> list[list[str]]:
        """What both heard in each round, in the order of the alphabet.

        Args:
            action: "module.function", which is called with the site and what the round says.
        """
        self.tell(site=environ_of(services_of(app).get(Settings)), action=action)
        return [sorted(self.tell(arguments=[str(given) for given in round_])) for round_ in rounds]

    def tell(self, **what: Any) -> list[str]:
        line = json.dumps(what)
        for process in self.processes:
            assert process.stdin is not None
            process.stdin.write(line + "\n")
            process.stdin.flush()
        return [json.loads(process.stdout.readline()) for process in self.processes if process.stdout is not None]


@contextmanager
def paired() -> Iterator[Pair]:
    pair = Pair()
    try:
        yield pair
    finally:
        for process in pair.processes:
            process.communicate(timeout=60)


def environ_of(settings: Settings) -> dict[str, str]:
    return {
        "WEBAPP_INSTANCE": str(settings.instance),
        "WEBAPP_DATABASE_URL": settings.database_url,
        "WEBAPP_LOG_LEVEL": "error",
        "WEBAPP_LOGIN_TRIES_PER_NETWORK": "100000",
    }


def main() -> None:
    app = action = None
    for line in sys.stdin:
        message = json.loads(line)
        if "site" in message:
            if app is not None:
                close(app)
            app = create_app(Settings.from_env(message["site"]))
            module, _, name = message["action"].rpartition(".")
            action = getattr(import_module(module), name)
            answer = "ready"
        else:
            assert action is not None
            answer = action(app, *message["arguments"])
        print(json.dumps(answer), flush=True)
    if app is not None:
        close(app)


if __name__ == "__main__":
    main()
