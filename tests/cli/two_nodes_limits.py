"""Limits that two nodes, or two workers, count together: with Valkey and without."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice

from tests.cli.two_nodes import client
from tests.example_counts import times

LONGEST = 10
"""Seconds: more than a request takes that waits 2 for Valkey, for a busy machine; less than for ever."""


class Names:
    """Users of each part of a test."""

    def __init__(self, suffix, nodes, run, add):
        self.suffix, self.settings, self.run, self.add = suffix, nodes.settings, run, add

    def user(self, name):
        self.add(f"{name}-{self.suffix}", **self.settings)
        return f"{name}-{self.suffix}"

    def limited_token(self, name, per_minute):
        """The header with it."""
        mint = f"token mint {self.user(name)} --name wall --scope protected:read --per-minute {per_minute}"
        done = self.run(mint, **self.settings)
        assert done.exit_code == 0, done.stderr
        return {"Authorization": f"Bearer {done.stdout.strip()}"}


def urls(nodes):
    return nodes.a.url, nodes.b.url


def asked(url, method, path, headers=None, **more):
    with client(url, **headers or {}) as script:
        begun = time.monotonic()
        answer = script.request(method, path, **more)
    assert time.monotonic() - begun < LONGEST
    return answer


def ten_wrong_passwords_at_once_over_both(nodes, names, *, is_gone):
    name = names.user("ned")
    network = {"X-Forwarded-For": f"203.0.113.{100 + len(names.suffix)}"}

    def tried(url):
        return asked(url, "POST", "/api/auth", network, json={"username": name, "password": "wrong"}).status_code

    with ThreadPoolExecutor(6) as pool:
        found = Counter(pool.map(tried, islice(cycle(urls(nodes)), times(24))))
    # Who came while others were compared was told to come back.
    found.update(tried(nodes.a.url) for _ in range(11 - found[401]))
    assert found.keys() == {401, 429}
    assert found[401] == 10


def five_requests_a_minute_at_once_over_both(nodes, names, *, is_gone):
    token = names.limited_token("oda", 5)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda url: asked(url, "GET", "/protected", token), islice(cycle(urls(nodes)), 12)))
    assert Counter(answer.status_code for answer in answers) == {200: 5, 429: 7}
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert refused.json()["code"] == "throttled"
    assert 0 < int(refused.headers["Retry-After"]) <= 60
