"""Connections of this process: no client may keep so many of them open that nobody else gets one.

The server counts connections and not whose they are, so they are read off the process's own sockets now and then.
"""

import asyncio
import os
import socket
import stat
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path

INTERVAL = 2.0
# Milliseconds after which a client that takes none of its response is taken for gone (RFC 5482).
UNREAD = 60_000
# The options and files of Linux; elsewhere connections are not bounded by client.
OPEN_FILES = Path("/proc/self/fd")
USER_TIMEOUT = getattr(socket, "TCP_USER_TIMEOUT", None)


async def bound_connections(most: int, client_of: Callable[[str], str | None]) -> None:
    """
    Args:
        most: connections that this process keeps open.
        client_of: whose share a connection from an IP address takes; None for one that has no bound.
    """
    while OPEN_FILES.is_dir():
        with ExitStack() as copies:
            connections = [*peers(copies)]
            for connection in surplus(connections, most, client_of):
                # Of the file and not of this copy of it: the server closes its own side as soon as it hears this.
                connection.shutdown(socket.SHUT_RDWR)
        await asyncio.sleep(INTERVAL)


def peers(copies: ExitStack) -> Iterator[tuple[socket.socket, str]]:
    """Every connection that was accepted, as a copy that ``copies`` closes, with the IP address of its client."""
    for entry in OPEN_FILES.iterdir():
        try:
            number = int(entry.name)
            # Before it is copied: of what is no socket nobody would close the copy.
            if not stat.S_ISSOCK(os.fstat(number).st_mode):
                continue
            connection = copies.enter_context(socket.socket(fileno=os.dup(number)))
            if connection.family not in (socket.AF_INET, socket.AF_INET6) or connection.type != socket.SOCK_STREAM:
                continue
            address = connection.getpeername()[0]
        except OSError:
            # No socket, closed meanwhile, or one that listens.
            continue
        if USER_TIMEOUT is not None:
            connection.setsockopt(socket.IPPROTO_TCP, USER_TIMEOUT, UNREAD)
        yield connection, address


def surplus(
    connections: Iterable[tuple[socket.socket, str]], most: int, client_of: Callable[[str], str | None]
) -> list[socket.socket]:
    """What has to go: nothing while half of all is free, then what a client has over a quarter of all."""
    by_client: dict[str, list[socket.socket]] = defaultdict(list)
    count = 0
    for connection, address in connections:
        count += 1
        if (client := client_of(address)) is not None:
            by_client[client].append(connection)
    if count <= most // 2:
        return []
    return [connection for held in by_client.values() for connection in held[most // 4 :]]
