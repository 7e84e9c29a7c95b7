"""Two machines that lose their Valkey and get it back: what needs it goes on, limits stay exact, and nobody waits."""

import json
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice
from types import SimpleNamespace

import pytest

from tests.budget import times
from tests.cli.machines import HOST, client, log_in, status, tokens_at
from tests.cli.serving import serving, start
from tests.valkey import NOBODY

pytestmark = pytest.mark.xdist_group("two_machines")
LONGEST = 10
"""Seconds: more than a request takes that waits 2 for Valkey, for a busy machine; less than for ever."""
PATIENCE = 60
WARNINGS = [{"part": "limits", "reason": "unreachable"}]


@pytest.mark.parametrize("loss", ["stop", "freeze"])
def test_all_that_is_counted_works_while_it_is_gone_and_when_it_is_back(machines, run, add, loss):
    names = Names(loss, machines, run, add)
    token = names.limited_token("pam", 1000)
    wait_until(machines, is_gone=False)
    try:
        getattr(machines.valkey, loss)()
        the_loss_is_noticed_in_time(machines, token)
        wait_until(machines, is_gone=True)
        names.suffix += "-gone"
        for check in CHECKS:
            check(machines, names, is_gone=True)
    finally:
        machines.valkey.be_well()
    wait_until(machines, is_gone=False)
    names.suffix += "-back"
    for check in CHECKS:
        check(machines, names, is_gone=False)


def test_two_workers_on_sqlite_count_exactly_while_it_is_gone(instance, run, add):
    shared = {"WEBAPP_BASE_URL": f"http://{HOST}", "WEBAPP_TRUSTED_PROXIES": "127.0.0.1", "WEBAPP_WORKERS": "2"}
    with serving(start(instance, **shared, WEBAPP_VALKEY_URL=NOBODY)) as (server,):
        workers = SimpleNamespace(a=server, b=server, settings=server.settings)
        names = Names("sqlite", workers, run, add)
        for check in (ten_wrong_passwords_at_once_over_both, five_requests_a_minute_at_once_over_both):
            check(workers, names, is_gone=True)


class Names:
    """Users of each part of a test."""

    def __init__(self, suffix, machines, run, add):
        self.suffix, self.settings, self.run, self.add = suffix, machines.settings, run, add

    def user(self, name):
        self.add(f"{name}-{self.suffix}", **self.settings)
        return f"{name}-{self.suffix}"

    def limited_token(self, name, per_minute):
        """The header with it."""
        mint = f"token mint {self.user(name)} --name wall --scope protected:read --per-minute {per_minute}"
        done = self.run(mint, **self.settings)
        assert done.exit_code == 0, done.stderr
        return {"Authorization": f"Bearer {done.stdout.strip()}"}


def urls(machines):
    return machines.a.url, machines.b.url


def asked(url, method, path, headers=None, **more):
    with client(url, **headers or {}) as script:
        begun = time.monotonic()
        answer = script.request(method, path, **more)
    assert time.monotonic() - begun < LONGEST
    return answer


def wait_until(machines, *, is_gone):
    """Until both machines say so; they are ready in any case."""
    begun = time.monotonic()
    while [warnings_of(url) for url in urls(machines)] != [WARNINGS if is_gone else None] * 2:
        assert time.monotonic() - begun < PATIENCE
        time.sleep(0.25)


def warnings_of(url):
    answer = asked(url, "GET", "/readyz")
    assert answer.status_code == 200
    return answer.json().get("warnings")


def the_loss_is_noticed_in_time(machines, token):
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda url: asked(url, "GET", "/protected", token), urls(machines) * 8))
    assert {answer.status_code for answer in answers} == {200}
    begun = time.monotonic()
    assert {asked(url, "GET", "/protected", token).status_code for url in urls(machines) * 10} == {200}
    # Less than if each had waited.
    assert time.monotonic() - begun < LONGEST


def logins_and_renewals(machines, names, *, is_gone):
    a, b = urls(machines)
    name = names.user("mia")
    assert status(b, Cookie=log_in(a, name)) == 200
    pair = tokens_at(b, name).json()
    renewed = asked(a, "POST", "/api/auth/refresh", json={"refresh_token": pair["refresh_token"]})
    assert renewed.status_code == 200
    assert status(b, Authorization=f"Bearer {renewed.json()['access_token']}") == 200


def ten_wrong_passwords_at_once_over_both(machines, names, *, is_gone):
    name = names.user("ned")
    network = {"X-Forwarded-For": f"203.0.113.{100 + len(names.suffix)}"}

    def tried(url):
        return asked(url, "POST", "/api/auth", network, json={"username": name, "password": "wrong"}).status_code

    with ThreadPoolExecutor(6) as pool:
        found = Counter(pool.map(tried, islice(cycle(urls(machines)), times(24))))
    # Who came while others were compared was told to come back.
    found.update(tried(machines.a.url) for _ in range(11 - found[401]))
    assert found.keys() == {401, 429}
    assert found[401] == 10


def five_requests_a_minute_at_once_over_both(machines, names, *, is_gone):
    token = names.limited_token("oda", 5)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda url: asked(url, "GET", "/protected", token), islice(cycle(urls(machines)), 12)))
    assert Counter(answer.status_code for answer in answers) == {200: 5, 429: 7}
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert refused.json()["code"] == "throttled"
    assert 0 < int(refused.headers["Retry-After"]) <= 60


def commands(machines, names, *, is_gone):
    found = json.loads(names.run("doctor --json", **names.settings).stdout)
    assert [finding["level"] for finding in found if finding["about"] == "limits"] == ["bad" if is_gone else "ok"]
    for command in ("limits list", "limits reset no-such"):
        done = names.run(command, **names.settings)
        assert done.exit_code == 0, done.stderr
        assert ("Valkey does not answer" in done.stderr) == is_gone


CHECKS = (
    logins_and_renewals,
    ten_wrong_passwords_at_once_over_both,
    five_requests_a_minute_at_once_over_both,
    commands,
)
