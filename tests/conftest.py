"""All the fixtures there are: the site, its database, a person at a browser, a script with a token."""

import asyncio
import gc
import io
import logging
import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests import cached_builds, example_counts, fixed_date, lengthy_tests, markers, run_wide_set, secret_keys
from tests.browser import Person
from tests.cli import shared_servers
from tests.instance_copies import copied as copied
from tests.journeys.postgresql import served
from tests.login import directory
from tests.login.slapd import with_people
from tests.prepared_user import PreparedUser
from tests.races import Pair, paired
from tests.scheduling import ScheduledAhead, ordered, send_less
from tests.script import Script
from webapp.accounts.models import User
from webapp.app import close
from webapp.core.db import Database
from webapp.guard.resources import DECLARED, Resource
from webapp.web.logs import TextLine
from webapp.web.registry import services_of

example_counts.choose_profile()


def pytest_configure(config: pytest.Config) -> None:
    for name, meaning in markers.MARKERS.items():
        config.addinivalue_line("markers", f"{name}: {meaning}")
    markers.guard.watch()
    fixed_date.begin()


def pytest_sessionstart(session: pytest.Session) -> None:
    send_less(session.config)


def pytest_unconfigure() -> None:
    fixed_date.end()


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """The way to run the same tests in the same order again, whatever else was hidden."""
    seed = config.getoption("randomly_seed", None)
    generated = config.getoption("hypothesis_seed", None)
    said = f"make test ORDER={seed}" + (f' ARGS="--hypothesis-seed={generated}"' if generated else "")
    terminalreporter.write_line(f"Again in this order: {said}")


def pytest_itemcollected(item: pytest.Item) -> None:
    markers.mark(item)


@contextmanager
def without_event_loop(item: pytest.Item) -> Iterator[None]:
    """Hide the event loop that the browser of other tests keeps running in this thread: views may be coroutines."""
    loop = asyncio._get_running_loop()
    if item.get_closest_marker("browser") is None:
        asyncio._set_running_loop(None)
    try:
        yield
    finally:
        if item.get_closest_marker("browser") is None:
            asyncio._set_running_loop(loop)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    markers.guard.running = item
    try:
        with lengthy_tests.measure(item.nodeid), without_event_loop(item):
            return (yield)
    finally:
        markers.guard.running = None


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown() -> Iterator[None]:
    """The last test of a run also ends what others began: a process that starts here is not its own."""
    markers.guard.running = None
    return (yield)


_date = pytest.fixture(autouse=True)(fixed_date.at_the_chosen_date)


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An instance as the first start makes it, to be copied; each copy makes a signing key of its own."""
    folder = tmp_path_factory.mktemp("migrated") / "instance"
    secret_keys.new_site(folder)
    return folder


@pytest.fixture
def instance(migrated: Path) -> Iterator[Path]:
    with copied(migrated) as folder:
        yield folder


_once = pytest.fixture(scope="session", autouse=True)(cached_builds.in_this_run)
_pages = pytest.fixture(scope="session", autouse=True)(run_wide_set.of_pages)


@pytest.fixture
def make_app(instance: Path, migrated: Path) -> Iterator[Callable[..., Flask]]:
    """Builds the site; settings as the environment would say them."""
    made: list[Flask] = []

    def make(**settings: str) -> Flask:
        if "WEBAPP_SIGNING_ALGORITHM" in settings and not made:  # A site that was begun with it.
            secret_keys.forget_signing_keys(instance)
        app = secret_keys.site_on(instance, migrated, settings)
        made.append(app)
        return app

    yield make
    for app in made:
        close(app)


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    return make_app()


@pytest.fixture
def database(app: Flask) -> Database:
    return services_of(app).get(Database)


@pytest.fixture(scope="session")
def prepared(migrated: Path) -> Iterator[PreparedUser]:
    with copied(migrated) as folder:
        yield PreparedUser(folder)


@pytest.fixture
def user(app: Flask, prepared: PreparedUser) -> User:
    return prepared.make(app)


@pytest.fixture
def visitor(app: Flask) -> Person:
    """A browser that is not logged in."""
    return Person(app)


@pytest.fixture
def person(visitor: Person, user: User, prepared: PreparedUser) -> Person:
    """Ada at her browser, logged in."""
    prepared.log_in(visitor)
    return visitor


@pytest.fixture
def people(monkeypatch: pytest.MonkeyPatch) -> directory.Directory:
    """Users of the identity provider; none yet."""
    monkeypatch.setattr(directory, "people", directory.Directory())
    return directory.people


@pytest.fixture
def script(app: Flask, user: User, prepared: PreparedUser) -> Script:
    """A script of Ada's, with a token that only reads."""
    return Script(app, prepared.token(app, user))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ScheduledAhead | None:
    return ScheduledAhead(config, log) if config.getoption("dist") == "loadgroup" else None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep some cases of each table where that is asked for, and refuse two tests of one id.

    Where processes share the tests they know them by their ids: one that is given twice is run once, unnoticed."""
    ids = Counter(item.nodeid for item in items)
    assert ids.total() == len(ids), f"an id of two tests: {ids.most_common(1)[0][0]}"
    if cases := os.environ.get("LATCHKEY_TEST_CASES"):
        left_out = markers.beyond(int(cases), items)
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in set(left_out)]
    if config.getoption("loadgroup", False):
        strays = [item.nodeid for item in items if item.get_closest_marker("xdist_group") and "@" not in item.nodeid]
        assert not strays, f"not kept with its group: {strays[0]}"
        items[:] = ordered(items)


def pytest_collection_finish() -> None:
    # The tests themselves stay to the end; without them there is little to look through for what is garbage.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    lengthy_tests.write()
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session")
def process_pair() -> Iterator[Pair]:
    with paired() as pair:
        yield pair


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Callable[[str], str]]:
    with served() as make:
        yield make


@pytest.fixture
def declared() -> Iterator[dict[str, Resource]]:
    """The declared resources; those of the test are forgotten, because another app may describe them differently."""
    before = dict(DECLARED)
    yield DECLARED
    DECLARED.clear()
    DECLARED.update(before)


@pytest.fixture
def logged() -> Iterator[Callable[[], str]]:
    """What was written to the log since the test began, as an operator reads it."""
    stream, root = io.StringIO(), logging.getLogger("webapp")
    handler = logging.StreamHandler(stream)
    handler.setFormatter(TextLine())
    root.addHandler(handler)
    yield stream.getvalue
    root.removeHandler(handler)


slapd = pytest.fixture(scope="session")(with_people)
proxied_site = pytest.fixture(scope="session")(shared_servers.proxied_site)
