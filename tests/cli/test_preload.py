"""What a worker loads before a request needs it."""

import subprocess
import sys

from webapp.cli import preload

LOADS = """
import sys
from webapp.cli import preload
names = {"webauthn", "zxcvbn_rs_py"}
assert not names & set(sys.modules)
preload.load_libraries()
assert names <= set(sys.modules)
"""


def test_the_libraries_of_the_first_passkey_and_password_are_loaded_before_it():
    assert subprocess.run([sys.executable, "-c", LOADS], check=False, timeout=60).returncode == 0


def test_a_worker_starts_loading_soon_after_its_start(monkeypatch):
    loaded = []
    monkeypatch.setattr(preload, "DELAY", 0.0)
    monkeypatch.setattr(preload, "load_libraries", lambda: loaded.append(1))
    preload.start().join(30)
    assert loaded
