"""Two workers under a thousand and more requests a second: how long the slowest wait, and whether memory stays.

Run alone: ``python -m tests.bench.served``. It takes wrk (``apt-get install wrk``); all of it on loopback.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests import factories
from tests.journeys.server import ServedSite, served
from webapp.app import close, create_app
from webapp.settings import Settings

CONNECTIONS, SECONDS, REQUESTS = 16, 10, 200_000
LEAST_PER_SECOND, P99_MS, MAX_GROWTH = 1_000, 50.0, 1.05
UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


def press(site: ServedSite, token: str, seconds: int) -> tuple[int, float, float]:
    """Requests done, requests a second, and the 99th percentile in milliseconds; every answer was a 200."""
    load = "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency"
    command = [*load, "-H", f"Authorization: Bearer {token}", f"{site.url}/protected"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in said or "Socket errors" in said:
        raise SystemExit(said)
    done, rate = re.search(r"(\d+) requests in", said), re.search(r"Requests/sec:\s+([\d.]+)", said)
    slowest = re.search(r"99%\s+([\d.]+)(us|ms|s)", said)
    if done is None or rate is None or slowest is None:
        raise SystemExit(said)
    return int(done[1]), float(rate[1]), float(slowest[1]) * UNITS[slowest[2]]


def memory(pid: int) -> int:
    """Of a process and all that it started, in kB."""
    own = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return (int(own[1]) if own else 0) + sum(memory(int(child)) for child in children)


def main() -> int:
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is missing. On Debian: apt-get install wrk")
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as site:
        app = create_app(Settings.from_env(site.environ))
        token = factories.api_token(app, factories.user(app), "protected:read").token
        close(app)
        press(site, token, 3)
        before = memory(site.pid)
        done, rate, slowest = press(site, token, SECONDS)
        while done < REQUESTS:
            done += press(site, token, SECONDS)[0]
        growth = memory(site.pid) / before
    print(f"{rate:,.0f} requests a second, p99 {slowest:.1f} ms with {CONNECTIONS} connections")
    print(f"{growth:.3f} × the memory after {done:,} requests (from {before / 1024:.0f} MiB, all processes)")
    return 0 if rate >= LEAST_PER_SECOND and slowest <= P99_MS and growth <= MAX_GROWTH else 1


if __name__ == "__main__":
    sys.exit(main())
