"""Two nodes that lose their Valkey and get it back: what needs it goes on, limits stay exact, and nobody waits."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from tests.cli.two_nodes import log_in, status, tokens_at
from tests.cli.two_nodes_limits import (
    LONGEST,
    Names,
    asked,
    five_requests_a_minute_at_once_over_both,
    ten_wrong_passwords_at_once_over_both,
    urls,
)

PATIENCE = 60
WARNINGS = [{"part": "limits", "reason": "unreachable"}]


@pytest.mark.xdist_group("two_nodes")
@pytest.mark.parametrize("loss", ["stop", "freeze"])
def test_all_that_is_counted_works_while_it_is_gone_and_when_it_is_back(nodes, run, add, loss):
    names = Names(loss, nodes, run, add)
    token = names.limited_token("pam", 1000)
    wait_until(nodes, is_gone=False)
    try:
        getattr(nodes.valkey, loss)()
        the_loss_is_noticed_in_time(nodes, token)
        wait_until(nodes, is_gone=True)
        names.suffix += "-gone"
        for check in CHECKS:
            check(nodes, names, is_gone=True)
    finally:
        nodes.valkey.be_well()
    wait_until(nodes, is_gone=False)
    names.suffix += "-back"
    for check in CHECKS:
        check(nodes, names, is_gone=False)


@pytest.mark.xdist_group("two_workers")
def test_two_workers_on_sqlite_count_exactly_while_it_is_gone(two_workers, run, add):
    workers = SimpleNamespace(a=two_workers, b=two_workers, settings=two_workers.settings)
    names = Names("sqlite", workers, run, add)
    for check in (ten_wrong_passwords_at_once_over_both, five_requests_a_minute_at_once_over_both):
        check(workers, names, is_gone=True)


def wait_until(nodes, *, is_gone):
    """Until both nodes say so; they are ready in any case."""
    begun = time.monotonic()
    while [warnings_of(url) for url in urls(nodes)] != [WARNINGS if is_gone else None] * 2:
        assert time.monotonic() - begun < PATIENCE
        time.sleep(0.25)


def warnings_of(url):
    answer = asked(url, "GET", "/readyz")
    assert answer.status_code == 200
    return answer.json().get("warnings")


def the_loss_is_noticed_in_time(nodes, token):
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda url: asked(url, "GET", "/protected", token), urls(nodes) * 8))
    assert {answer.status_code for answer in answers} == {200}
    begun = time.monotonic()
    assert {asked(url, "GET", "/protected", token).status_code for url in urls(nodes) * 10} == {200}
    # Less than if each had waited.
    assert time.monotonic() - begun < LONGEST


def logins_and_renewals(nodes, names, *, is_gone):
    a, b = urls(nodes)
    name = names.user("mia")
    assert status(b, Cookie=log_in(a, name)) == 200
    pair = tokens_at(b, name).json()
    renewed = asked(a, "POST", "/api/auth/refresh", json={"refresh_token": pair["refresh_token"]})
    assert renewed.status_code == 200
    assert status(b, Authorization=f"Bearer {renewed.json()['access_token']}") == 200


def commands(nodes, names, *, is_gone):
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
