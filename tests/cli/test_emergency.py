"""keys emergency: afterwards no credential or link that existed before is valid."""

import json

import httpx
import pytest

from tests.cli.conftest import PASSWORD
from tests.cli.serving import UNUSED, get
from webapp.cli import emergency

SECRET = "Zq3v8LxM2rT7nW0bYc5dKf9hJs1pGuQe"


@pytest.fixture
def pauses(monkeypatch):
    """What happens between the two sweeps, in place of waiting."""
    happens = []
    monkeypatch.setattr(emergency.time, "sleep", lambda _: [action() for action in happens])
    return happens


def live_tokens(run):
    return json.loads(run("token list --json").stdout)


def test_every_token_ends_and_every_old_key_is_removed(run, add, mint, pauses):
    add("ada", "super_admin")
    mint("ada", "first")
    run("keys rotate --overlap 30d")
    mint("ada", "second")
    done = run("keys emergency --yes")
    assert done.exit_code == 0, done.stderr
    assert "0 sessions and 2 tokens" in done.stderr
    assert live_tokens(run) == []
    assert [key["kid"] for key in json.loads(run("keys list --json").stdout)] == [done.stdout.strip()]


def test_tokens_created_meanwhile_are_ended_too(run, add, mint, pauses):
    add("ada", "super_admin")
    pauses.append(lambda: mint("ada", "halfway"))
    assert "1 token" in run("keys emergency --yes").stderr
    assert live_tokens(run) == []


def test_tokens_to_register_apps_with_are_void_too(run, pauses):
    assert run("client registration-token add").exit_code == 0
    assert "1 registration token" in run("keys emergency --yes").stderr
    assert json.loads(run("client registration-token list --json").stdout or "[]") == []


def test_it_needs_confirmation_and_otherwise_changes_nothing(run, add, mint, pauses):
    add("ada", "super_admin")
    mint("ada")
    before = run("keys list --json").stdout
    assert run("keys emergency", typed="yes\n").exit_code == 1
    assert len(live_tokens(run)) == 1
    assert run("keys list --json").stdout == before
    assert run("keys emergency", typed=f"{emergency.CONFIRMATION}\n").exit_code == 0
    assert live_tokens(run) == []


def test_an_emergency_is_recorded_with_numbers(run, add, mint, pauses):
    add("ada", "super_admin")
    mint("ada")
    kid = json.loads(run("keys list --json").stdout)[0]["kid"]
    run("keys emergency --yes")
    line = json.loads(run("audit list --event emergency.declared --json").stdout)
    assert line["details"] == {"retired": [kid], "ended": {"token": 1}, "by_hand": [], "origin": "cli"}


def test_an_emergency_that_cannot_be_recorded_changes_nothing(run, pauses):
    before = run("keys list --json").stdout
    assert run("keys emergency --yes", WEBAPP_DATABASE_URL="postgresql://nobody@127.0.0.1:1/none").exit_code == 1
    assert run("keys list --json").stdout == before


def test_configured_keys_are_not_changed_but_everything_is_ended(run, add, mint, pauses):
    add("ada", "super_admin")
    mint("ada")
    given = {"WEBAPP_SIGNING_ALGORITHM": "HS256", "WEBAPP_SIGNING_KEY": SECRET}
    done = run("keys emergency --yes", **given)
    assert done.exit_code == 1
    assert "a new WEBAPP_SIGNING_KEY" in done.stderr
    assert live_tokens(run) == []


def cookie_of(server):
    """Of somebody who logs in as a browser does, over the wire."""
    with httpx.Client(
        base_url=server.url, headers={"Sec-Fetch-Site": "same-origin"}, timeout=20, verify=UNUSED
    ) as client:
        token = client.get("/login", headers={"Accept": "application/json"}).json()["csrf_token"]
        fields = {"username": "emma", "password": PASSWORD, "csrf_token": token}
        assert client.post("/login", data=fields).status_code == 303
        return "; ".join(f"{name}={value}" for name, value in client.cookies.items())


def statuses(server, **sent):
    """Each on a connection of its own, so that both workers are asked."""
    said = {"Accept": "application/json"} | sent
    return {get(f"{server.url}/protected", headers=said).status_code for _ in range(12)}


def token_of(server):
    answer = httpx.post(f"{server.url}/api/auth", json={"username": "emma", "password": PASSWORD}, verify=UNUSED)
    return answer.json()["access_token"]


@pytest.mark.xdist_group("two_workers")
def test_every_worker_refuses_old_credentials_and_accepts_new_ones_at_once(run, add, two_workers):
    server = two_workers
    add("emma", "super_admin", **server.settings)
    cookie, old = cookie_of(server), token_of(server)
    assert statuses(server, Cookie=cookie) == {200}
    assert statuses(server, Authorization=f"Bearer {old}") == {200}
    done = run("keys emergency --yes", **server.settings)
    assert done.exit_code == 0, done.stderr
    assert statuses(server, Cookie=cookie) == {401}
    assert statuses(server, Authorization=f"Bearer {old}") == {401}
    assert statuses(server, Cookie=cookie_of(server)) == {200}
    assert statuses(server, Authorization=f"Bearer {token_of(server)}") == {200}
    keys = server.open("/.well-known/jwks.json").json()["keys"]
    assert [key["kid"] for key in keys] == [done.stdout.strip()]
