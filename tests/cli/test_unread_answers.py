"""Clients that read nothing of what they are answered take the connections of their own network only."""

import socket
from contextlib import ExitStack, suppress
from urllib.parse import urlsplit

import pytest

ONE, OTHER = "127.0.0.8", "127.0.0.9"
REQUEST = "GET {} HTTP/1.1\r\nHost: {}\r\nAccept: text/html\r\n\r\n"


@pytest.mark.xdist_group("proxied_site")
def test_connections_that_read_nothing_do_not_block_other_networks(proxied_site):
    place = "127.0.0.1", urlsplit(proxied_site.url).port
    request = REQUEST.format("/openapi.json", proxied_site.host)
    with ExitStack() as clients:
        for _ in range(100):
            client = clients.enter_context(connected_unread(place))
            # What was cut off meanwhile need not take it.
            with suppress(OSError):
                client.sendall(request.encode())
        # A quarter of the connections is all that one network keeps; the rest is for others.
        # In time: after half a minute the server closes connections that send nothing in any case.
        with socket.create_connection(place, timeout=15, source_address=(OTHER, 0)) as other:
            other.sendall(REQUEST.format("/healthz", proxied_site.host).encode())
            assert other.recv(100).split()[1] == b"200"


def connected_unread(place):
    """With a buffer that the answer fills already."""
    client = socket.socket()
    client.settimeout(30)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.bind((ONE, 0))
    client.connect(place)
    return client
