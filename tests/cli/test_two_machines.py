"""Two machines: instance folders of their own, one PostgreSQL, one secret key, and no stickiness of a load balancer."""

import json
import time
from contextlib import contextmanager

import httpx
import pytest

from tests.cli.conftest import PASSWORD
from tests.cli.serving import UNUSED, serving, start
from tests.secret_keys import OTHER
from webapp.cli.emergency import WORD

pytestmark = pytest.mark.xdist_group("two_machines")
SEEN_WITHIN = 1.5


@pytest.fixture(scope="module")
def machines(tmp_path_factory, postgresql):
    """Both are started at once, on an empty database; requests reach them under one URL, as through a balancer."""
    shared = {
        "WEBAPP_DATABASE_URL": postgresql("machines"),
        "WEBAPP_SECRET_KEY": OTHER,
        "WEBAPP_BASE_URL": "http://localhost:8000",
    }
    folders = (tmp_path_factory.mktemp(name) / "instance" for name in "ab")
    with serving(*(start(folder, **shared) for folder in folders)) as both:
        yield both


@contextmanager
def at(machine, **headers):
    """A client of one machine."""
    port = machine.settings["WEBAPP_BIND"].rpartition(":")[2]
    sent = {"Host": "localhost:8000", "Sec-Fetch-Site": "same-origin", "Accept": "application/json"} | headers
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=sent, timeout=20, verify=UNUSED) as client:
        yield client


def status(machine, **headers):
    with at(machine, **headers) as client:
        return client.get("/protected").status_code


def log_in(machine, name):
    """The cookies of a browser."""
    with at(machine) as client:
        token = client.get("/login").json()["csrf_token"]
        cookies = dict(client.cookies.items())
        sent = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
        fields = {"username": name, "password": PASSWORD, "csrf_token": token}
        answer = client.post("/login", data=fields, headers=sent | {"Accept": "text/html"})
        assert answer.status_code == 303, answer.text
        cookies |= dict(answer.cookies.items())
    return "; ".join(f"{name}={value}" for name, value in cookies.items())


def token_at(machine, name):
    with at(machine) as client:
        return client.post("/api/auth", json={"username": name, "password": PASSWORD}).json()["access_token"]


def kids(machine):
    with at(machine) as client:
        return [key["kid"] for key in client.get("/.well-known/jwks.json").json()["keys"]]


def seen(machine, expected):
    """Seconds until the machine publishes these keys."""
    begun = time.monotonic()
    while kids(machine) != expected and time.monotonic() - begun < 10:
        time.sleep(0.05)
    return time.monotonic() - begun


def test_started_at_once_they_make_one_key(machines):
    a, b = machines
    assert len(kids(a)) == 1
    assert kids(a) == kids(b)


def test_a_login_at_one_opens_a_page_at_the_other(machines, add):
    a, b = machines
    add("ada", **a.settings)
    assert status(b, Cookie=log_in(a, "ada")) == 200


def test_a_token_of_one_works_at_the_other(machines, add):
    a, b = machines
    add("bea", **a.settings)
    assert status(b, Authorization=f"Bearer {token_at(a, 'bea')}") == 200
    assert status(a, Authorization=f"Bearer {token_at(b, 'bea')}") == 200


def test_a_rotation_at_one_is_seen_at_the_other(machines, run, add):
    a, b = machines
    add("cleo", **a.settings)
    (old,) = kids(a)
    former = token_at(b, "cleo")
    new = run("keys rotate --signs-after 0s", **a.settings).stdout.strip()
    assert seen(b, [new, old]) < SEEN_WITHIN
    assert status(b, Authorization=f"Bearer {former}") == 200
    assert status(a, Authorization=f"Bearer {token_at(b, 'cleo')}") == 200
    # Published there before it signs.
    waiting = run("keys rotate", **b.settings).stdout.strip()
    assert seen(a, [waiting, new, old]) < SEEN_WITHIN
    for kid in (waiting, old):
        assert run(f"keys retire {kid}", **a.settings).exit_code == 0
    assert seen(b, [new]) < SEEN_WITHIN


def test_an_emergency_at_one_is_refused_at_the_other(machines, run, add):
    a, b = machines
    add("dora", **a.settings)
    cookie, token = log_in(b, "dora"), token_at(b, "dora")
    done = run("keys emergency", typed=f"{WORD}\n", **a.settings)
    assert (done.exit_code, "Still to do" in done.stderr) == (0, False), done.stderr
    assert seen(b, [done.stdout.strip()]) < SEEN_WITHIN
    assert status(b, Cookie=cookie) == status(b, Authorization=f"Bearer {token}") == 401
    assert status(b, Cookie=log_in(a, "dora")) == status(b, Authorization=f"Bearer {token_at(a, 'dora')}") == 200
    assert [key["use"] for key in json.loads(run("keys list --json", **b.settings).stdout)] == ["signs"]


def test_a_machine_with_another_secret_key_stops_with_a_sentence(machines, run, tmp_path):
    a, _ = machines
    other = a.settings | {"WEBAPP_INSTANCE": str(tmp_path), "WEBAPP_SECRET_KEY": OTHER[::-1]}
    third = start(tmp_path, **{name: value for name, value in other.items() if name != "WEBAPP_BIND"})
    assert third.process.wait(timeout=60) == 2
    third.stop()
    assert third.complained.startswith("The database belongs to another secret key.")
    assert third.complained.count("\n") == 1
