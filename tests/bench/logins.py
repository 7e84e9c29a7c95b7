"""64 logins at once: how many a second, what a script waits and what memory they take meanwhile; and whether names that
nobody has take another time.

Run alone: ``python -m tests.bench.logins``. Everything on loopback, a minute at most.
"""

import json
import math
import os
import statistics
import sys
import tempfile
import time
import urllib.error
import urllib.request
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from http.client import HTTPConnection
from multiprocessing import get_context
from pathlib import Path
from urllib.parse import urlsplit

from tests.factories import PASSWORD
from tests.journeys.server import ServedSite, served
from webapp.settings import Settings

AT_ONCE = 64
SECONDS = 8
TRIES = 200
API_BUDGET = 0.1
# What argon2id takes for each password that is hashed, and what may come on top of it: connections, buffers, threads.
HASH, SLACK = 19, 60
# Known names take turns: too many wrong passwords in a row change what an account does.
KNOWN = [f"known{number}" for number in range(5)]
LEAST_RATE, LEAST_P = 25, 0.01


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


def log_in(url: str, end: float) -> int:
    """One script that logs in again and again; it comes back when it is told to."""
    where, done = urlsplit(url), 0
    connection = HTTPConnection(where.hostname or "", where.port, timeout=30)
    body = json.dumps({"username": "bench", "password": PASSWORD})
    while time.monotonic() < end:
        connection.request("POST", "/api/auth", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        done += answer.status == 200 and time.monotonic() < end
        if answer.status != 200:
            time.sleep(float(answer.headers["Retry-After"]))
    return done


def crowd(url: str) -> int:
    """How many logins they all have done."""
    end = time.monotonic() + SECONDS
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return sum(pool.map(lambda _: log_in(url, end), range(AT_ONCE)))


def under_load(site: ServedSite, token: str) -> tuple[float, float]:
    """Logins a second, and the 95th percentile (seconds) of a guarded request meanwhile."""
    waits = []
    # A process of its own: what they do must not keep this one from taking the time.
    with ProcessPoolExecutor(1, get_context("spawn")) as others:
        done = others.submit(crowd, site.url)
        while not done.done():
            begun = time.perf_counter()
            assert ask(f"{site.url}/protected", token=token) == 200
            waits.append(time.perf_counter() - begun)
            time.sleep(0.02)
    return done.result() / SECONDS, statistics.quantiles(waits, n=20)[-1]


def compare_timing(site: ServedSite) -> tuple[float, float]:
    """How often a login of a known name took longer than the one of an unknown name beside it; half is a coin.

    And how likely ranks as uneven as these are where there is no difference.
    """

    def timed(name: str) -> float:
        begun = time.perf_counter()
        assert ask(f"{site.url}/api/auth", body={"username": name, "password": "wrong, but of a length"}) == 401
        return time.perf_counter() - begun

    # Each goes first in half of the pairs.
    pairs = [(KNOWN[number % len(KNOWN)], f"nobody{number % len(KNOWN)}") for number in range(TRIES)]
    known, unknown = [], []
    for number, (somebody, nobody) in enumerate(pairs):
        if number % 2:
            known.append(timed(somebody))
            unknown.append(timed(nobody))
        else:
            unknown.append(timed(nobody))
            known.append(timed(somebody))
    slower = sum(one > other for one, other in zip(known, unknown, strict=True))
    return slower / TRIES, chance_of(known, unknown)


def chance_of(one: list[float], other: list[float]) -> float:
    """Mann and Whitney's rank test, two-sided, by the normal distribution."""
    ranks = {time: rank for rank, time in enumerate(sorted(one + other), 1)}
    n, m = len(one), len(other)
    u = sum(ranks[time] for time in one) - n * (n + 1) / 2
    z = (u - n * m / 2) / math.sqrt(n * m * (n + m + 1) / 12)
    return 2 * (1 - statistics.NormalDist().cdf(abs(z)))


def most_memory(site: ServedSite) -> dict[int, int]:
    """The most that each worker ever had in memory, in MiB."""
    found = {}
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            facts = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
        except OSError:
            continue
        if int(facts["PPid"]) == site.pid and "VmHWM" in facts:
            found[int(facts["Pid"])] = int(facts["VmHWM"].split()[0]) // 1024
    return found


def main() -> int:
    limits = {"WEBAPP_LOGIN_TRIES_PER_ACCOUNT": "1000000", "WEBAPP_LOGIN_TRIES_PER_NETWORK": "1000000"}
    with tempfile.TemporaryDirectory() as folder, served(Path(folder), **limits) as site:
        for name in ("bench", *KNOWN):
            site.command("user", "add", name, "--password-stdin", stdin=PASSWORD)
        token = site.command("token", "mint", "bench", "--name", "bench", "--scope", "protected:read").stdout.strip()
        share, chance = compare_timing(site)
        before = most_memory(site)
        rate, wait = under_load(site, token)
        grown = max(after - before.get(pid, 0) for pid, after in most_memory(site).items())
    cores, allowed = os.cpu_count() or 1, Settings.__dataclass_fields__["hashes_at_once"].default * HASH
    print(
        f"a known name was slower in {share:.0%} of {TRIES} pairs; ranks as uneven come by chance with p = {chance:.2f}"
    )
    print(f"{rate:.1f} logins a second with {AT_ONCE} at once, {rate / cores:.1f} a core on {cores} cores")
    print(f"a guarded request took {wait * 1000:.0f} ms at p95 meanwhile")
    print(f"a worker grew by {grown} MiB at the most, of which hashing may take {allowed}")
    is_fast = rate / cores >= LEAST_RATE and wait <= API_BUDGET
    return 0 if is_fast and chance >= LEAST_P and grown <= allowed + SLACK else 1


if __name__ == "__main__":
    sys.exit(main())
