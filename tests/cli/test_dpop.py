"""Tokens bound to a key, over the wire: the example that the docs show, and what only a real server can be sent."""

import json
import os
import socket
import subprocess
import sys

import jwt as pyjwt
import pytest

from tests.cli.conftest import PASSWORD
from tests.cli.serving import ROOT, serving, start
from tests.proving import KEY, claims_for, jwk_of, proof

EXAMPLE = ROOT / "docs" / "examples" / "dpop_client.py"


@pytest.fixture
def server(house, add):
    add("ada")
    with serving(start(house)) as (server,):
        yield server


def test_the_example_is_let_in(server):
    said = {"LATCHKEY_URL": server.url, "LATCHKEY_USER": "ada", "LATCHKEY_PASSWORD": PASSWORD}
    done = subprocess.run([sys.executable, EXAMPLE], env=os.environ | said, capture_output=True, text=True, timeout=20)
    assert (done.stdout, done.stderr) == ("ada\n", "")


def test_the_example_is_short():
    code = [line for line in EXAMPLE.read_text().partition('"""\n\n')[2].splitlines() if line.strip()]
    assert len(code) <= 32


def sent(server, *lines):
    """The status of a request that is written by hand."""
    host, _, port = server.settings["WEBAPP_BIND"].partition(":")
    with socket.create_connection((host, int(port)), timeout=5) as wire:
        wire.sendall("\r\n".join([*lines, f"Host: {host}", "Connection: close", "", ""]).encode())
        return int(wire.makefile("rb").readline().split()[1])


def test_of_two_proofs_none_counts(run, server):
    url = f"{server.url}/protected"
    bind = server.settings["WEBAPP_BIND"]
    issued = run("token mint ada --name b00 --scope protected:read --key", json.dumps(jwk_of(KEY)), WEBAPP_BIND=bind)
    assert issued.exit_code == 0, issued.stderr
    token = issued.stdout.strip()

    def proven():
        return f"DPoP: {proof(claims_for(token=token, htu=url))}"

    begun = "GET /protected HTTP/1.1", f"Authorization: DPoP {token}"
    assert sent(server, *begun, proven()) == 200
    assert sent(server, *begun, proven(), proven()) == 401
    assert sent(server, *begun, proven(), "DPoP: x") == 401
    assert sent(server, *begun, "DPoP: x", proven()) == 401
    assert sent(server, *begun, f"Authorization: DPoP {token}", proven()) == 401


def test_a_private_key_is_not_taken(run, add):
    add("ada")
    private = pyjwt.algorithms.ECAlgorithm.to_jwk(KEY.private)
    done = run("token mint ada --name bound --scope protected:read --key", private)
    assert (done.exit_code, done.stdout) == (1, "")
    assert "private key" in done.stderr
