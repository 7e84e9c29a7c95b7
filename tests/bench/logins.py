"""64 logins at once, and what a script waits meanwhile; and whether names that nobody has take another time.

Run alone: ``python -m tests.bench.logins``. Everything on loopback, a minute at most.
"""

import json
import statistics
import sys
import tempfile
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

from tests.factories import PASSWORD
from tests.journeys.server import House, served

AT_ONCE = 64
SECONDS = 8
TRIES = 200
API_BUDGET = 0.1


def ask(url: str, *, token: str | None = None, body: dict[str, str] | None = None) -> int:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    data = json.dumps(body).encode() if body else None
    request = urllib.request.Request(url, data, headers | {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            status: int = answer.status
            return status
    except urllib.error.HTTPError as refusal:
        return refusal.code


def under_load(house: House, token: str) -> tuple[float, float]:
    """Logins a second, and the 95th percentile (seconds) of a guarded request meanwhile."""
    end = time.monotonic() + SECONDS

    def log_in(_: int) -> int:
        done = 0
        while time.monotonic() < end:
            if ask(f"{house.url}/api/auth", body={"username": "bench", "password": PASSWORD}) == 200:
                done += 1
            else:
                time.sleep(0.2)
        return done

    waits = []
    with ThreadPoolExecutor(AT_ONCE) as pool:
        logins = [pool.submit(log_in, number) for number in range(AT_ONCE)]
        while time.monotonic() < end:
            begun = time.perf_counter()
            assert ask(f"{house.url}/protected", token=token) == 200
            waits.append(time.perf_counter() - begun)
            time.sleep(0.02)
        done = sum(login.result() for login in logins)
    return done / SECONDS, statistics.quantiles(waits, n=20)[-1]


def tell_apart(house: House) -> float:
    """How often a login of a known name took longer than the one of an unknown name beside it; half is a coin."""

    def timed(name: str) -> float:
        begun = time.perf_counter()
        assert ask(f"{house.url}/api/auth", body={"username": name, "password": "wrong, but of a length"}) == 401
        return time.perf_counter() - begun

    # Each goes first in half of the pairs.
    names = [name for number in range(TRIES) for name in (("bench", "nobody") if number % 2 else ("nobody", "bench"))]
    times = [(name, timed(name)) for name in names]
    slower = sum((first[1] > second[1]) == (first[0] == "bench") for first, second in list(pairwise(times))[::2])
    return slower / TRIES


def main() -> int:
    limits = {"WEBAPP_LOGIN_TRIES_PER_ACCOUNT": "1000000", "WEBAPP_LOGIN_TRIES_PER_ADDRESS": "1000000"}
    with tempfile.TemporaryDirectory() as folder, served(Path(folder), **limits) as house:
        house.command("user", "add", "bench", "--password-stdin", stdin=PASSWORD)
        token = house.command("token", "mint", "bench", "--name", "bench", "--scope", "protected:read").stdout.strip()
        share = tell_apart(house)
        rate, wait = under_load(house, token)
    print(f"a known name was slower in {share:.0%} of {TRIES} pairs")
    print(f"{rate:.1f} logins a second with {AT_ONCE} at once; a guarded request took {wait * 1000:.0f} ms at p95")
    return 0 if wait <= API_BUDGET and 0.4 <= share <= 0.6 else 1


if __name__ == "__main__":
    sys.exit(main())
