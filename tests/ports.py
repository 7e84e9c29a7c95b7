"""Free ports of this machine that nobody else is about to get."""

import os
import socket
from itertools import count

# Below the range from which the system gives ports to connections (32768 and up on Linux): between the moment when one
# is found free and the moment when it is bound, no connection of another test takes it. Each process begins elsewhere.
FIRST, LAST = 20_000, 32_000
_numbers = count(os.getpid() * 37)


def free_port() -> int:
    """A TCP port on 127.0.0.1 that is free now; this process is given it once."""
    for number in _numbers:
        port = FIRST + number % (LAST - FIRST)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
    raise AssertionError("unreachable")
