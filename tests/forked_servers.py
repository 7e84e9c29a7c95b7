"""Servers that are there within milliseconds: forked from a process that has imported everything."""

import atexit
import json
import subprocess
import sys
from functools import cache
from pathlib import Path

from tests.cli.serving import ROOT, bare_environ


class Forks:
    """The process that they are forked from: ``tests.preloaded_server``."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.preloaded_server"],
            cwd=ROOT,
            env=bare_environ(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self, settings: dict[str, str], log: Path | None = None) -> int:
        """
        Args:
            log: the file to write its output to; None for that of the tests.

        Returns:
            its process ID.
        """
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps({"settings": settings, "log": log and str(log)}) + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def end(self) -> None:
        self.process.communicate(timeout=60)


@cache
def shared() -> Forks:
    """One for all tests of this process."""
    made = Forks()
    atexit.register(made.end)
    return made
