"""``create_app`` as Flask's own command and gunicorn find it: ``webapp`` and ``webapp:create_app()``."""

import sys

import pytest
from click.testing import CliRunner
from flask.cli import cli

from tests.cli.serving import launch, serving
from tests.ports import free_port


@pytest.mark.parametrize(
    ("command", "typed", "printed"),
    [("routes", None, "login.new"), ("shell", "print(app.config['SITE_NAME'])", "Latchkey")],
)
def test_flask_runs_its_commands_on_the_application(instance, monkeypatch, command, typed, printed):
    monkeypatch.setenv("WEBAPP_INSTANCE", str(instance))
    # Set by the command itself, and taken back at the end of this test.
    monkeypatch.setenv("FLASK_RUN_FROM_CLI", "true")
    done = CliRunner().invoke(cli, ["--app", "webapp", command], input=typed, catch_exceptions=False)
    assert done.exit_code == 0
    assert printed in done.output


@pytest.mark.parametrize(
    "command",
    [
        pytest.param("flask --app webapp run --port {port}", id="flask run"),
        # One thread a request: the default worker would wait for each idle connection.
        pytest.param("gunicorn --worker-class gthread --bind 127.0.0.1:{port} webapp:create_app()", id="gunicorn"),
    ],
)
def test_another_server_can_serve_the_application(instance, command):
    settings, port = {"WEBAPP_INSTANCE": str(instance)}, free_port()
    command = [sys.executable, "-m", *command.format(port=port).split()]
    with serving(launch(command, f"http://127.0.0.1:{port}", settings)) as (server,):
        assert server.open("/protected").json()["code"] == "token_missing"
