"""Commands that a blueprint brings: beside those of the program, with the application, and only where it is named."""

import sys

import pytest
from click.testing import CliRunner

from webapp.cli.program import program

VIEWS = '''
import click
from flask import Blueprint, current_app
from sqlalchemy import text

from webapp.web.transaction import database

bp = Blueprint("reports", __name__)
quiet = Blueprint("quiet", __name__)

@bp.cli.command("count")
@click.argument("word")
def count(word):
    """Count the sessions."""
    with database().read() as db:
        found = db.scalar(text("SELECT count(*) FROM browser_session"))
    click.echo(f"{word}: {found} on {current_app.config['SITE_NAME']}")
'''


@pytest.fixture
def run(tmp_path, monkeypatch):
    (tmp_path / "reporting.py").write_text(VIEWS)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("WEBAPP_INSTANCE", str(tmp_path / "instance"))
    yield lambda *words: CliRunner().invoke(program, words)
    sys.modules.pop("reporting", None)


def test_a_command_of_a_named_blueprint_runs_with_the_application(run, monkeypatch):
    monkeypatch.setenv("WEBAPP_BLUEPRINTS", "reporting:bp")
    assert run("db", "upgrade").exit_code == 0
    done = run("reports", "count", "sessions")
    assert (done.exit_code, done.output.splitlines()[-1]) == (0, "sessions: 0 on Latchkey")
    assert "Count the sessions." in run("reports", "--help").output
    assert "reports" in run("--help").output.partition("Commands of your own blueprints")[2]


@pytest.mark.parametrize("named", ["", "reporting:quiet"], ids=["no blueprint", "one without commands"])
def test_unknown_commands_are_refused_and_create_nothing(run, monkeypatch, tmp_path, named):
    monkeypatch.setenv("WEBAPP_BLUEPRINTS", named)
    done = run("reports", "count", "sessions")
    assert (done.exit_code, "No such command 'reports'" in done.output) == (2, True)
    assert "Commands of your own" not in run("--help").output
    assert not (tmp_path / "instance").exists()


def test_a_blueprint_that_cannot_be_loaded_is_one_message_and_help_still_works(run, monkeypatch):
    monkeypatch.setenv("WEBAPP_BLUEPRINTS", "reporting:nothing")
    done = run("reports", "count", "sessions")
    assert (done.exit_code, "WEBAPP_BLUEPRINTS names reporting:nothing" in done.output) == (2, True)
    assert run("--help").exit_code == 0
