"""routes: who may reach what."""

import json

from webapp.app import create_app
from webapp.cli import routes


def test_every_route_shows_who_may_use_it(run):
    found = json.loads(run("routes --json").stdout)
    assert all(route["is_declared"] for route in found)
    protected = next(route for route in found if route["path"] == "/protected")
    assert (protected["session"], protected["token"]) == ("any account", "protected:read")


def test_the_table_is_aligned(run):
    head, *lines = run("routes").stdout.splitlines()
    column = head.index("PATH")
    assert all(line[column] == "/" and line[column - 1] == " " for line in lines)


def with_a_silent_route(settings):
    app = create_app(settings)
    app.add_url_rule("/silent", "silent", lambda: "")
    return app


def test_a_route_without_a_rule_is_marked_and_fails(run, monkeypatch):
    monkeypatch.setattr(routes, "create_app", with_a_silent_route)
    done = run("routes")
    assert done.exit_code == 1
    assert any(line.startswith("!! GET") and "/silent" in line for line in done.stdout.splitlines())
    assert "neither @require nor @public" in done.stderr
