"""Limits the open connections per client, so that one client cannot use them all up.

The server counts connections but not per client, so the sockets of this process are listed every 2 seconds.
"""

import asyncio
import os
import resource
import socket
import stat
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path

INTERVAL = 2.0
# Milliseconds after which a client that reads nothing of its response counts as gone (RFC 5482).
UNREAD = 60_000
SPARE_FILES = 200
# Linux only; on other systems connections are not limited per client.
OPEN_FILES = Path("/proc/self/fd")
USER_TIMEOUT = getattr(socket, "TCP_USER_TIMEOUT", None)


def connections_per_worker(requested: int) -> int:
    """Maximum of open connections per worker: the limit of open files of the process, less ``SPARE_FILES``."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = requested + SPARE_FILES
    allowed = files if hard == resource.RLIM_INFINITY else min(hard, files)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    return max(64, allowed - SPARE_FILES)


async def bound_connections(maximum: int, client_of: Callable[[str], str | None]) -> None:
    """Every ``INTERVAL`` seconds, close the connections of clients that have too many.

    Args:
        maximum: maximum of open connections of this process.
        client_of: the client to count a connection from an IP address for; None if it is not limited.
    """
    while OPEN_FILES.is_dir():
        with ExitStack() as copies:
            connections = [*peers(copies)]
            for connection in surplus(connections, maximum, client_of):
                # shutdown() acts on the connection, not only on this copy of it; the server then closes its own.
                connection.shutdown(socket.SHUT_RDWR)
        await asyncio.sleep(INTERVAL)


def peers(copies: ExitStack) -> Iterator[tuple[socket.socket, str]]:
    """Every accepted connection, as a copy that ``copies`` closes, with the IP address of its client."""
    for entry in OPEN_FILES.iterdir():
        try:
            number = int(entry.name)
            # Checked before copying: for another kind of file nothing would close the copy.
            if not stat.S_ISSOCK(os.fstat(number).st_mode):
                continue
            connection = copies.enter_context(socket.socket(fileno=os.dup(number)))
            if connection.family not in (socket.AF_INET, socket.AF_INET6) or connection.type != socket.SOCK_STREAM:
                continue
            ip_address = connection.getpeername()[0]
        except OSError:
            # Not a socket, closed meanwhile, or a listening socket.
            continue
        if USER_TIMEOUT is not None:
            connection.setsockopt(socket.IPPROTO_TCP, USER_TIMEOUT, UNREAD)
        yield connection, ip_address


def surplus(
    connections: Iterable[tuple[socket.socket, str]], maximum: int, client_of: Callable[[str], str | None]
) -> list[socket.socket]:
    """The connections to close: none while half of ``maximum`` is free, else those of a client above a quarter."""
    by_client: dict[str, list[socket.socket]] = defaultdict(list)
    count = 0
    for connection, ip_address in connections:
        count += 1
        if (client := client_of(ip_address)) is not None:
            by_client[client].append(connection)
    if count <= maximum // 2:
        return []
    return [connection for of_client in by_client.values() for connection in of_client[maximum // 4 :]]
