"""docs/building.md: its example is written to files as it stands, and its tests run as its reader would run them."""

import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "docs" / "building.md").read_text()
FILES = dict(re.findall(r"`([\w/.]+\.\w+)`:\n\n```\w+\n(.*?)```", TEXT, re.S))


@pytest.fixture
def example(tmp_path):
    """The files of the page, as it stands."""
    assert len(FILES) == 6, list(FILES)
    for name, text in FILES.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return tmp_path


def run_in(folder, *arguments):
    settings = {"WEBAPP_BLUEPRINTS": "reports.views:bp", "WEBAPP_INSTANCE": str(folder / "instance")}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=os.environ | settings | {"PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_its_tests_pass(example):
    assert "3 passed" in run_in(example, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", "tests")


def test_its_table_is_migrated_by_the_commands_and_a_new_column_gets_a_revision(example):
    latchkey = partial(run_in, example, "-m", "webapp")
    latchkey("db", "upgrade")
    with closing(sqlite3.connect(example / "instance" / "latchkey.db")) as database:
        assert database.execute("SELECT version_num FROM alembic_version_reports").fetchall() == [("1",)]
        assert database.execute("SELECT count(*) FROM reports_report").fetchall() == [(0,)]
    assert "sa.Column" not in Path(latchkey("db", "revision", "reports", "no change").strip()).read_text()
    models = example / "reports" / "models.py"
    models.write_text(models.read_text() + "\n    year: Mapped[int | None]\n")
    written = Path(latchkey("db", "revision", "reports", "add a year").strip())
    assert written.parent == example / "reports" / "migrations"
    assert "add_column(sa.Column('year'" in written.read_text()
    assert "drop_table" not in written.read_text()
    latchkey("db", "upgrade")
    with closing(sqlite3.connect(example / "instance" / "latchkey.db")) as database:
        assert database.execute("SELECT year FROM reports_report").fetchall() == []


def test_a_revision_for_a_blueprint_that_is_not_loaded_is_refused(example):
    with pytest.raises(AssertionError, match=r"WEBAPP_BLUEPRINTS has no blueprint notes\. Its blueprints: reports\."):
        run_in(example, "-m", "webapp", "db", "revision", "notes", "add notes")
