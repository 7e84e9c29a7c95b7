"""StartupProbe: waits until a server that is being started answers a request."""

import http.client
import ipaddress
import threading
import time
from collections.abc import Callable

INTERVAL = 0.05


class StartupProbe(threading.Thread):
    """Calls ``on_answer`` once, when the server at this IP address and port has answered a request."""

    def __init__(self, host: str, port: int, on_answer: Callable[[], None]) -> None:
        super().__init__(name="first answer", daemon=True)
        self.host, self.port, self.on_answer = reachable(host), port, on_answer

    def run(self) -> None:
        while not self.answers():
            time.sleep(INTERVAL)
        self.on_answer()

    def answers(self) -> bool:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=5)
        try:
            connection.request("GET", "/healthz", headers={"Connection": "close"})
            # Any status: whether it is healthy is for the health checks.
            return connection.getresponse().status > 0
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


def reachable(host: str) -> str:
    """The IP address to probe: loopback instead of a wildcard such as 0.0.0.0."""
    ip_address = ipaddress.ip_address(host.partition("%")[0])
    return str({4: "127.0.0.1", 6: "::1"}[ip_address.version]) if ip_address.is_unspecified else host
