"""Minting, and the list of an owner with a thousand tokens, in CPU time: python -m tests.bench.tokens."""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from flask import Flask

from tests import factories
from tests.browser import Person
from webapp.accounts.models import User
from webapp.app import close, create_app
from webapp.cli import schema
from webapp.cli.context import CommandContext

MINTED, LISTED, ROUNDS = 200, 1000, 15
PER_SECOND, LIST = 200, 0.1


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        app = site(Path(folder) / "instance")
        try:
            return measured(app)
        finally:
            close(app)


def site(folder: Path) -> Flask:
    settings = CommandContext({"WEBAPP_INSTANCE": str(folder), "WEBAPP_TOKENS_PER_USER": str(LISTED)}).settings
    schema.upgrade(settings)
    return create_app(settings)


def measured(app: Flask) -> int:
    owner = factories.user(app, "ada")
    rate = minting(app, owner)
    for _ in range(LISTED - MINTED):
        factories.api_token(app, owner)
    person = Person(app)
    person.log_in("ada")
    page = median(lambda: person.ask("GET", "/tokens"))
    data = median(lambda: person.ask("GET", "/tokens", headers={"Accept": "application/json"}))
    print(f"minted {rate:.0f} a second, each in a transaction of its own (at least {PER_SECOND})")
    print(f"list of {LISTED}: page {page * 1000:.0f} ms, JSON {data * 1000:.0f} ms (at most {LIST * 1000:.0f})")
    return 0 if rate >= PER_SECOND and max(page, data) <= LIST else 1


def minting(app: Flask, owner: User) -> float:
    begun = time.process_time()
    for _ in range(MINTED):
        factories.api_token(app, owner)
    return MINTED / (time.process_time() - begun)


def median(ask: Callable[[], object]) -> float:
    ask()
    taken = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        ask()
        taken.append(time.process_time() - begun)
    return statistics.median(taken)


if __name__ == "__main__":
    sys.exit(main())
