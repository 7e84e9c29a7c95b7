"""Fixtures for commands: the program, run on an instance of its own."""

import logging
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.cli import shared_servers, two_nodes
from tests.cli.serving import Server, serving
from tests.cli.two_nodes import PASSWORD as PASSWORD
from tests.factories import QUICK
from tests.instance_copies import copied
from webapp.accounts import passwords
from webapp.cli.program import program

Run = Callable[..., Result]


@pytest.fixture
def unbuilt(instance: Path) -> None:
    """The instance as before the first start: not there yet."""
    shutil.rmtree(instance)


@pytest.fixture
def run(instance: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs one command; settings by keyword, as in the environment."""
    monkeypatch.setattr(passwords, "HASHER", QUICK)

    def run(command: str, *more: str, typed: str | None = None, **settings: str) -> Result:
        environ = {"WEBAPP_INSTANCE": str(instance)} | settings
        ours = logging.getLogger("webapp")
        before = ours.handlers, ours.level, ours.propagate
        try:
            return CliRunner(env=environ).invoke(program, [*command.split(), *more], input=typed)
        finally:
            # A command that builds the site logs to the standard error that the runner is about to close.
            ours.handlers, ours.level, ours.propagate = before[0], before[1], before[2]

    return run


@pytest.fixture
def add(run: Run) -> Callable[..., str]:
    """Adds a user and returns their ID."""

    def add(name: str, role: str = "user", **settings: str) -> str:
        command = f"user add {name} --email {name}@example.org --role {role} --password-stdin"
        done = run(command, typed=PASSWORD, **settings)
        assert done.exit_code == 0, done.stderr
        return done.stdout.strip()

    return add


@pytest.fixture
def mint(run: Run) -> Callable[..., tuple[str, str]]:
    """Mints a token; returns the token and its ID."""

    def mint(user: str, name: str = "laptop", **settings: str) -> tuple[str, str]:
        done = run(f"token mint {user} --name {name} --scope protected:read", **settings)
        assert done.exit_code == 0, done.stderr
        named = re.search(r"\(([0-9a-f-]{36})\) (?:never )?expires", done.stderr)
        assert named, done.stderr
        return done.stdout.strip(), named[1]

    return mint


@pytest.fixture(scope="session")
def backup_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("backed_up")


@pytest.fixture
def backed_up(
    backup_folder: Path,
    instance: Path,
    run: Run,
    add: Callable[..., str],
    mint: Callable[..., object],
    tmp_path: Path,
) -> Path:
    """A backup of this site, which has a user with a token; made once, and copied with its site."""
    file, site = backup_folder / "copy", backup_folder / "instance"
    if not site.exists():
        add("ada")
        mint("ada")
        assert run(f"db backup {file}").exit_code == 0
        shutil.copytree(instance, site)
    shutil.rmtree(instance)
    shutil.copytree(site, instance)
    return Path(shutil.copy(file, tmp_path))


@pytest.fixture(scope="session")
def two_workers(migrated: Path) -> Iterator[Server]:
    """A server with two workers for tests that have users of their own, all with ``xdist_group("two_workers")``.

    Commands reach it by its settings: ``run(..., **two_workers.settings)``."""
    with copied(migrated) as instance, serving(shared_servers.start_two_workers(instance)) as (server,):
        yield server
        assert server.stop() == 0
        # granian says so where it had to kill what did not stop in time.
        assert "refused to gracefully stop" not in server.complained


@pytest.fixture(scope="session")
def replaced(two_workers: Server) -> shared_servers.Replaced:
    """What became of a worker that was stopped; done once: a server ends that loses two within seconds."""
    return shared_servers.replaced(two_workers)


@pytest.fixture(scope="session")
def nodes(tmp_path_factory: pytest.TempPathFactory, postgresql: Callable[[str], str]) -> Iterator[two_nodes.Nodes]:
    """For tests that have users of their own, all with ``xdist_group("two_nodes")``."""
    with two_nodes.two_nodes(tmp_path_factory.mktemp("nodes"), postgresql("two_nodes")) as both:
        yield both
