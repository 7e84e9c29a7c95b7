"""What ends when: every cell of the table, and that readers see the same table."""

import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.conftest import copied
from tests.revocation_matrix import matrix
from tests.revocation_matrix.credentials import MAKE
from tests.revocation_matrix.events import OF_ONE
from tests.revocation_matrix.matrix import CELLS, EVENTS, WAYS
from tests.revocation_matrix.sites import Owner, Site, Works, owner, site
from webapp.cli import emergency
from webapp.cli.program import program
from webapp.core import key_table
from webapp.core.db import Database
from webapp.web.registry import services_of

DOC = Path(__file__).resolve().parents[2] / "docs" / "what-ends-when.md"
OF_EVERYBODY = ("emergency", "restore")

Result = tuple[bool, bool]
"""Whether the event came about, and whether the way in works after it."""


def make(found: Site, way: str) -> tuple[Owner, Works]:
    who = owner(found, role="admin" if way == "invitation" else "user")
    return who, MAKE[way](who)


def outcome_of_one(found: Site, way: str, event: str) -> Result:
    who, works = make(found, way)
    if CELLS[way, event].word == "never":
        return owner_logs_in(who), works()
    OF_ONE[event](who)
    return True, works()


def owner_logs_in(who: Owner) -> bool:
    return who.log_in(who.other_browser()).status_code == 200


def outcomes_of_everybody(found: Site, event: str) -> dict[str, Result]:
    """All the ways are made, and then one command is run."""
    made = {way: make(found, way)[1] for way in WAYS}
    bring_about(found, event)
    return {way: (True, works()) for way, works in made.items()}


def bring_about(found: Site, event: str) -> None:
    if event == "emergency":
        command(found, "keys", "emergency", "--yes")
        return
    backup = str(found.instance / "backup.db")
    command(found, "db", "backup", backup)
    # As if the site had been stopped.
    services_of(found.app).get(Database).close()
    command(found, "db", "restore", backup, "--yes")


def command(found: Site, *words: str) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        bind = f"127.0.0.1:{probe.getsockname()[1]}"
    ours = logging.getLogger("webapp")
    before = ours.handlers, ours.level, ours.propagate
    done = CliRunner(env={"WEBAPP_INSTANCE": str(found.instance), "WEBAPP_BIND": bind}).invoke(program, words)
    ours.handlers, ours.level, ours.propagate = before
    assert done.exit_code == 0, done.output


@pytest.fixture(scope="module")
def outcome(migrated: Path) -> Iterator[Callable[[str, str], Result]]:
    """The outcome of a cell. Sites are few: those whose accounts do not meet share one."""
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        patch.setattr(emergency.time, "sleep", lambda _: None)
        # The command waits until every server has seen the new keys, which is left out here.
        patch.setattr(key_table, "INTERVAL", 0.0)

        @cache
        def place(event: str, *, has_admin: bool = True) -> Site:
            return stack.enter_context(site(stack.enter_context(copied(migrated)), has_admin=has_admin))

        @cache
        def of_everybody(event: str) -> dict[str, Result]:
            return outcomes_of_everybody(place(event), event)

        def found(way: str, event: str) -> Result:
            if event in OF_EVERYBODY:
                return of_everybody(event)[way]
            return outcome_of_one(place("one", has_admin=way != "setup link"), way, event)

        yield found


def marks(event: str) -> list[pytest.MarkDecorator]:
    return [pytest.mark.xdist_group(f"endings of {event}")] if event in OF_EVERYBODY else []


@pytest.mark.parametrize(
    ("way", "event"), [pytest.param(way, event, marks=marks(event), id=f"{way}-{event}") for way, event in CELLS]
)
def test_each_credential_ends_or_stays_as_in_the_table(outcome, way, event):
    happened, works = outcome(way, event)
    expected = {"ends": (True, False), "stays": (True, True), "never": (False, True)}
    assert (happened, works) == expected[CELLS[way, event].word]


@pytest.fixture(scope="module")
def before(migrated: Path) -> Iterator[Site]:
    with copied(migrated) as instance, site(instance) as found:
        yield found


@pytest.mark.parametrize("way", WAYS)
def test_each_credential_works_before_the_event(before, way):
    """Else a way that never worked would seem to have ended."""
    assert make(before, way)[1]()


def test_the_document_has_the_tested_table():
    assert matrix.as_markdown() in DOC.read_text()


def test_the_table_is_complete():
    assert CELLS.keys() == {(way, event) for way in MAKE for event in [*OF_ONE, *OF_EVERYBODY]}
    assert list(EVENTS) == [*OF_ONE, *OF_EVERYBODY]
