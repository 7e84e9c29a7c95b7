"""Warnings and exceptions that Python prints itself are lines of JSON too, without the values in them."""

import json
import subprocess
import sys

PROGRAM = """
import threading, warnings
from webapp.web import logs
logs.all_as_json()
warnings.warn("old")
threading.Thread(target=lambda: int("private"), name="busy").start()
int("private")
"""


def test_warnings_and_uncaught_exceptions_are_lines_of_json():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert sorted(line["level"] for line in lines) == ["error", "error", "warning"]
    assert [line["thread"] for line in lines if "thread" in line] == ["busy"]
    assert all("ValueError" in line["fault"] for line in lines if line["level"] == "error")
    assert "private'" not in done.stderr
