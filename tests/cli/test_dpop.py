"""Tokens bound to a key, over the wire: the example that the docs show, and what only a real server can be sent."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import jwt as pyjwt
import pytest

from tests import factories
from tests.cli.conftest import PASSWORD
from tests.cli.serving import ROOT
from tests.dpop_client import KEY, claims_for, jwk_of, proof
from webapp.app import close
from webapp.testing import build

pytestmark = pytest.mark.xdist_group("two_workers")
EXAMPLE = ROOT / "docs" / "examples" / "dpop_client.py"


@pytest.fixture(scope="module")
def server(two_workers):
    app = build(Path(two_workers.settings["WEBAPP_INSTANCE"]))
    factories.user(app, "dana")
    close(app)
    return two_workers


def example(server, folder, *arguments, code=None, **environ):
    """What it says, run where its key lies."""
    command = [sys.executable, *(["-c", code] if code else [EXAMPLE]), *arguments]
    said = os.environ | {"LATCHKEY_URL": server.url, "PYTHONPATH": str(EXAMPLE.parent)} | environ
    done = subprocess.run(command, cwd=folder, env=said, capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    return json.loads(done.stdout)


def test_the_example_uses_a_token_bound_to_its_key(run, server, tmp_path):
    key = json.dumps(example(server, tmp_path))
    assert (tmp_path / "latchkey_key.pem").stat().st_mode & 0o777 == 0o600
    token = minted(run, server, "example", key)
    for _ in range(2):
        assert example(server, tmp_path, "/protected", LATCHKEY_TOKEN=token)["username"] == "dana"


def test_the_example_creates_its_key_without_a_site(tmp_path):
    environ = {name: value for name, value in os.environ.items() if name != "LATCHKEY_URL"}
    said = subprocess.check_output([sys.executable, EXAMPLE], cwd=tmp_path, env=environ, text=True, timeout=60)
    assert json.loads(said)["kty"] == "EC"


def test_the_example_logs_in(server, tmp_path):
    login = {"username": "dana", "password": PASSWORD}
    code = f"""import json, dpop_client as it
token = it.call("POST", "/api/auth", body={login})["access_token"]
print(json.dumps(it.call("GET", "/protected", token)))"""
    assert example(server, tmp_path, code=code)["username"] == "dana"


def minted(run, server, name, key):
    done = run(f"token mint dana --name {name} --scope protected:read --key", key, **server.settings)
    assert done.exit_code == 0, done.stderr
    return done.stdout.strip()


def sent(server, *lines):
    """The status of a request that is written by hand."""
    host, _, port = server.settings["WEBAPP_BIND"].partition(":")
    with socket.create_connection((host, int(port)), timeout=20) as wire:
        wire.sendall("\r\n".join([*lines, f"Host: {host}", "Connection: close", "", ""]).encode())
        return int(wire.makefile("rb").readline().split()[1])


def test_two_proofs_are_refused(run, server):
    url = f"{server.url}/protected"
    token = minted(run, server, "twice", json.dumps(jwk_of(KEY)))

    def proven():
        return f"DPoP: {proof(claims_for(token=token, htu=url))}"

    begun = "GET /protected HTTP/1.1", f"Authorization: DPoP {token}"
    assert sent(server, *begun, proven()) == 200
    assert sent(server, *begun, proven(), proven()) == 401
    assert sent(server, *begun, proven(), "DPoP: x") == 401
    assert sent(server, *begun, "DPoP: x", proven()) == 401
    assert sent(server, *begun, f"Authorization: DPoP {token}", proven()) == 401


def test_a_private_key_is_refused(run, add):
    add("ada")
    private = pyjwt.algorithms.ECAlgorithm.to_jwk(KEY.private)
    done = run("token mint ada --name bound --scope protected:read --key", private)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "private key" in done.stderr
