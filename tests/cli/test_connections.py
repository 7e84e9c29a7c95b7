"""How many connections one client keeps, read off the sockets of the process."""

import asyncio
import os
import socket
from contextlib import ExitStack
from ipaddress import ip_network

import pytest

from tests.event_loop import finished
from webapp.cli import connections
from webapp.cli.connections import bound_connections, peers, surplus
from webapp.cli.worker import ClientNetworks

CAPACITY = 100


def held(**counts):
    return [(f"{client}{number}", client) for client, count in counts.items() for number in range(count)]


@pytest.mark.parametrize(
    ("counts", "goes"),
    [
        pytest.param({"a": 50}, {}, id="nothing while half of all is free"),
        pytest.param({"a": 51}, {"a": 26}, id="one client falls back to a quarter"),
        pytest.param({"a": 60, "b": 20}, {"a": 35}, id="whoever has less than a quarter keeps all"),
        pytest.param({"a": 40, "b": 40}, {"a": 15, "b": 15}, id="two fall back to a quarter each"),
        pytest.param({"proxy": 90}, {}, id="a trusted proxy has no bound"),
    ],
)
def test_which_connections_are_closed(counts, goes):
    gone = surplus(held(**counts), CAPACITY, lambda client: None if client == "proxy" else client)
    assert {client: sum(name.startswith(client) for name in gone) for client in goes} == goes
    assert len(gone) == sum(goes.values())


def test_a_connection_over_the_limit_is_closed_and_the_others_work(monkeypatch):
    # Only what this test has opened: the process has connections of its own.
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        clients = [socket.create_connection(("127.0.0.1", port), timeout=10) for _ in range(3)]
        accepted = [server.accept()[0] for _ in clients]
        ours = {one.fileno() for one in accepted}
        monkeypatch.setattr(connections, "OPEN_FILES", Folder(ours))
        with ExitStack() as copies:
            assert [address for _, address in peers(copies)] == ["127.0.0.1"] * 3

        async def once():
            task = asyncio.create_task(bound_connections(4, lambda address: address))
            await asyncio.sleep(0)
            task.cancel()

        finished(once())
        for one in clients:
            one.setblocking(False)
        assert sum(is_closed(one) for one in clients) == 2
        for one in (*clients, *accepted):
            one.close()


class Folder:
    """As /proc/self/fd, of these files alone."""

    def __init__(self, files):
        self.files = files

    def is_dir(self):
        return True

    def iterdir(self):
        return [Entry(number) for number in self.files]


class Entry:
    def __init__(self, number):
        self.name = str(number)


def is_closed(client):
    try:
        return client.recv(1) == b""
    except BlockingIOError:
        return False


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("203.0.113.5", "198.51.100.1", "203.0.113.5"),
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("2001:db8::1", "", "2001:db8::/64"),
    ],
)
def test_connections_are_counted_for_the_network_that_trusted_proxies_saw(peer, forwarded, client):
    clients = ClientNetworks((ip_network("10.0.0.0/8"),))
    assert clients.of_request({"REMOTE_ADDR": peer, "HTTP_X_FORWARDED_FOR": forwarded}) == client
    assert clients.of_connection(peer) == (
        None if peer.startswith("10.") else clients.of_request({"REMOTE_ADDR": peer})
    )


def test_reading_the_open_files_of_the_process_leaves_none_open(tmp_path):
    (tmp_path / "file").touch()
    with (tmp_path / "file").open():
        before = len(os.listdir("/proc/self/fd"))
        for _ in range(3):
            with ExitStack() as copies:
                list(peers(copies))
        assert len(os.listdir("/proc/self/fd")) == before
