"""The command-line program: help, version, and how errors are reported."""

import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from tests.cli.serving import ROOT, bare_environ
from webapp.cli.commands import PROGRAM
from webapp.cli.program import COMMANDS, program
from webapp.settings.paths import release

HEAVY = """
import sys
from webapp.cli.program import program
program(["--help"], standalone_mode=False)
sys.exit(not {"sqlalchemy", "alembic", "granian", "flask"}.isdisjoint(sys.modules))
"""


def commands(group: click.Group, *names: str):
    for name in group.list_commands(click.Context(group)):
        found = group.get_command(click.Context(group), name)
        if isinstance(found, click.Group):
            yield from commands(found, *names, name)
        if not isinstance(found, click.Group) or found.invoke_without_command:
            yield pytest.param([*names, name], id=" ".join([*names, name]))


def test_the_help_names_every_command():
    said = CliRunner().invoke(program, ["--help"]).stdout
    assert all(f"\n  {noun} " in said for noun in COMMANDS)


@pytest.mark.parametrize("words", list(commands(program)))
def test_every_command_shows_an_example(words):
    said = CliRunner().invoke(program, [*words, "--help"])
    assert said.exit_code == 0
    assert f"python -m webapp {' '.join(words)}" in said.stdout or "serve" in words


@pytest.mark.parametrize("name", ["latchkey", "python -m webapp"])
def test_help_and_errors_name_the_program_as_it_was_started(tmp_path, name):
    environ = {"WEBAPP_INSTANCE": str(tmp_path / "instance")}
    runs = [["--help"], ["db", "--help"], ["db", "upgrade", "--help"], ["db", "check"]]
    said = [CliRunner(env=environ).invoke(program, words, prog_name=name).output for words in runs]
    assert f"{name} user add" in said[0]
    assert f"{name} db upgrade" in said[2]
    assert f"{name} db upgrade" in said[3]
    assert (PROGRAM in "".join(said)) is (name == PROGRAM)


@pytest.mark.parametrize("words", list(commands(program)))
@pytest.mark.parametrize("wrong", ["--frobnicate", "--help=now"])
def test_every_command_exits_with_2_after_wrong_usage(words, wrong):
    """As ``python -m webapp --help`` says: 1 is for what is not found or not allowed."""
    done = CliRunner().invoke(program, [*words, wrong])
    assert (done.exit_code, done.stdout) == (2, "")


def test_the_help_imports_no_heavy_module():
    done = subprocess.run([sys.executable, "-c", HEAVY], cwd=ROOT, env=bare_environ(), capture_output=True)
    assert done.returncode == 0


def test_the_version_is_printed(run):
    assert run("--version").stdout == f"{release()}\n"


@pytest.mark.usefixtures("unbuilt")
def test_the_instance_is_an_option(run, instance, tmp_path):
    assert run(f"--instance {tmp_path / 'other'} db upgrade").exit_code == 0
    assert (tmp_path / "other" / "latchkey.db").exists()
    assert not instance.exists()


@pytest.mark.parametrize("command", ["serve", "user list", "routes", "settings", "keys list", "doctor", "db upgrade"])
def test_a_misspelt_setting_stops_every_command_with_one_message(run, command):
    done = run(command, WEBAPP_WROKERS="2")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == "WEBAPP_WROKERS is not a setting; did you mean WEBAPP_WORKERS?\n"


def test_a_database_that_does_not_answer_is_one_message(run):
    done = run("user list", WEBAPP_DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("The database does not answer (")
    assert done.stderr.count("\n") == 1
