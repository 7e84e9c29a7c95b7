"""Two nodes: instance folders of their own, one PostgreSQL, one secret key, and no stickiness of a load balancer."""

import json

import pytest

from tests.cli.serving import start
from tests.cli.two_nodes import client, kids, log_in, seconds_until, status, token_at
from tests.secret_keys import OTHER
from webapp.cli.emergency import CONFIRMATION

pytestmark = pytest.mark.xdist_group("two_nodes")
SEEN_WITHIN = 2.0


def test_started_at_once_they_make_one_key(nodes):
    of_a, of_b = nodes.first_keys
    assert len(of_a) == 1
    assert of_a == of_b


def test_a_login_at_one_opens_a_page_at_the_other(nodes, add):
    a, b = nodes.a.url, nodes.b.url
    add("ada", **nodes.settings)
    assert status(b, Cookie=log_in(a, "ada")) == 200


def test_a_browser_and_a_script_are_served_by_both_in_turn(nodes, add):
    add("eve", **nodes.settings)
    cookie, token = log_in(nodes.url, "eve"), token_at(nodes.url, "eve")
    for headers in ({"Cookie": cookie}, {"Authorization": f"Bearer {token}"}):
        with client(nodes.url, **headers) as sent:
            answers = [sent.get("/protected") for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200] * 4
        assert {answer.headers["X-Node"] for answer in answers} == {
            machine.settings["WEBAPP_BIND"] for machine in (nodes.a, nodes.b)
        }


def test_a_token_of_one_works_at_the_other(nodes, add):
    a, b = nodes.a.url, nodes.b.url
    add("bea", **nodes.settings)
    assert status(b, Authorization=f"Bearer {token_at(a, 'bea')}") == 200
    assert status(a, Authorization=f"Bearer {token_at(b, 'bea')}") == 200


def test_a_rotation_at_one_is_seen_at_the_other(nodes, run, add):
    a, b = nodes.a.url, nodes.b.url
    add("cleo", **nodes.settings)
    (old,) = kids(a)
    former = token_at(b, "cleo")
    new = run("keys rotate --signs-after 0s", **nodes.settings).stdout.strip()
    # A token that one signs at once with the new key is refused at the other until that has seen it.
    assert seconds_until(lambda: kids(a) == kids(b) == [new, old]) < SEEN_WITHIN
    assert status(b, Authorization=f"Bearer {former}") == 200
    assert status(a, Authorization=f"Bearer {token_at(b, 'cleo')}") == 200
    # Published there before it signs.
    waiting = run("keys rotate", **nodes.settings).stdout.strip()
    assert seconds_until(lambda: kids(a) == [waiting, new, old]) < SEEN_WITHIN
    for kid in (waiting, old):
        assert run(f"keys retire {kid}", **nodes.settings).exit_code == 0
    assert seconds_until(lambda: kids(a) == kids(b) == [new]) < SEEN_WITHIN


def test_an_emergency_at_one_is_refused_at_the_other(nodes, run, add):
    a, b = nodes.a.url, nodes.b.url
    add("dora", **nodes.settings)
    cookie, token = log_in(b, "dora"), token_at(b, "dora")
    done = run("keys emergency", typed=f"{CONFIRMATION}\n", **nodes.settings)
    assert (done.exit_code, "Still to do" in done.stderr) == (0, False), done.stderr
    assert seconds_until(lambda: kids(a) == kids(b) == [done.stdout.strip()]) < SEEN_WITHIN
    assert status(b, Cookie=cookie) == status(b, Authorization=f"Bearer {token}") == 401
    assert status(b, Cookie=log_in(a, "dora")) == status(b, Authorization=f"Bearer {token_at(a, 'dora')}") == 200
    assert [key["use"] for key in json.loads(run("keys list --json", **nodes.settings).stdout)] == ["signs"]


def test_a_machine_with_another_secret_key_stops_with_a_sentence(nodes, run, tmp_path):
    other = nodes.settings | {"WEBAPP_INSTANCE": str(tmp_path), "WEBAPP_SECRET_KEY": OTHER[::-1]}
    third = start(tmp_path, **{name: value for name, value in other.items() if name != "WEBAPP_BIND"})
    assert third.process.wait(timeout=60) == 2
    third.stop()
    assert third.complained.startswith("The database belongs to another secret key.")
    assert third.complained.count("\n") == 1
