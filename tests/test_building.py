"""docs/building.md and ``latchkey new``: one example, with its tests, migrations and commands."""

import re
import shutil
import sqlite3
import sys
from contextlib import closing
from importlib import invalidate_caches
from pathlib import Path

import pytest
from click.testing import CliRunner

from webapp.cli.new import files
from webapp.cli.program import program

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "docs" / "building.md").read_text()
SHOWN = dict(re.findall(r"`([\w/.]+\.\w+)`:\n\n```\w+\n(.*?)```", TEXT, re.S))


@pytest.fixture
def example(tmp_path, monkeypatch, declared):
    """The repository that the command writes."""
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(program, ["new", "reports"], catch_exceptions=False)
    assert done.exit_code == 0
    return tmp_path / "reports"


def test_the_document_shows_the_files_that_the_command_writes():
    written = {str(path): text for path, text in files("reports")}
    assert len(SHOWN) == 6
    assert {name: written[name] for name in SHOWN} == SHOWN


def test_no_existing_file_is_replaced(example):
    shutil.rmtree(example / "reports")
    (example / "README.md").write_text("mine")
    done = CliRunner().invoke(program, ["new", "reports"])
    assert (done.exit_code, "reports/README.md" in done.output, "Nothing was written." in done.output) == (
        1,
        True,
        True,
    )
    assert (example / "README.md").read_text() == "mine"
    assert not (example / "reports").exists()


def test_an_existing_folder_with_other_files_is_filled(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "reports" / ".git").mkdir(parents=True)
    assert CliRunner().invoke(program, ["new", "reports"]).exit_code == 0
    assert (tmp_path / "reports" / "pyproject.toml").is_file()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        *((name, "a letter first") for name in ("", "a", "Reports", "1st", "my-app", "a/b", "../x", "ä" * 3, "a" * 31)),
        *((name, "must not be called") for name in ("class", "json", "webapp", "latchkey", "tests")),
        *((name, "is a part of Latchkey") for name in ("tokens", "admin", "login", "api", "static", "healthz")),
    ],
)
def test_an_unusable_name_is_refused(tmp_path, monkeypatch, name, words):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(program, ["new", "--", name])
    assert (done.exit_code, words in done.output) == (2, True)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def latchkey(example, monkeypatch):
    """Runs a command of a site with the app, which reads the files of the app anew, as each start does."""
    monkeypatch.syspath_prepend(example)
    settings = {"WEBAPP_BLUEPRINTS": "reports.views:bp", "WEBAPP_INSTANCE": str(example / "instance")}

    def run(*arguments):
        forget()
        done = CliRunner(env=settings).invoke(program, arguments)
        assert done.exit_code == 0, done.output
        return done.stdout

    yield run
    forget()


def forget():
    for name in [name for name in sys.modules if name.partition(".")[0] == "reports"]:
        del sys.modules[name]
    invalidate_caches()


def test_the_table_of_the_app_is_migrated_and_a_new_column_gets_a_revision(example, latchkey):
    latchkey("db", "upgrade")
    with closing(sqlite3.connect(example / "instance" / "latchkey.db")) as database:
        assert database.execute("SELECT version_num FROM alembic_version_reports").fetchall() == [("1",)]
        assert database.execute("SELECT count(*) FROM reports_entry").fetchall() == [(0,)]
    assert "sa.Column" not in Path(latchkey("db", "revision", "reports", "no change").strip()).read_text()
    models = example / "reports" / "models.py"
    models.write_text(models.read_text() + "\n    year: Mapped[int | None]\n")
    written = Path(latchkey("db", "revision", "add a year").strip())
    assert written.parent == example / "reports" / "migrations"
    assert "add_column(sa.Column('year'" in written.read_text()
    assert "drop_table" not in written.read_text()
    latchkey("db", "upgrade")
    with closing(sqlite3.connect(example / "instance" / "latchkey.db")) as database:
        assert database.execute("SELECT year FROM reports_entry").fetchall() == []


def test_a_revision_for_a_blueprint_that_is_not_loaded_is_refused(latchkey):
    with pytest.raises(AssertionError, match=r"WEBAPP_BLUEPRINTS has no blueprint notes\. Its blueprints: reports\."):
        latchkey("db", "revision", "notes", "add notes")
