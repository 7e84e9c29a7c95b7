"""docs/building.md: its example is written to files as it stands, and its tests run as its reader would run them."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FILES = dict(re.findall(r"^`([\w/.]+)`:\n\n```\w+\n(.*?)```", (ROOT / "docs" / "building.md").read_text(), re.M | re.S))


def test_its_example_is_an_app_whose_tests_pass(tmp_path):
    assert len(FILES) == 4
    for name, text in FILES.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", "tests"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 passed" in done.stdout
