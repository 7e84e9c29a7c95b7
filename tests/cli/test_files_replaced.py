"""A new version is installed, or files are lost, while the server runs: its pages stay those of its start."""

import os
import shutil
import subprocess
import sys
from importlib import metadata

import pytest

from tests.cli.serving import ROOT, get, launch, serving
from tests.ports import free_port
from tests.script import Script
from webapp.settings.urls import default_url
from webapp.web.kept_templates import KeptTemplates

PARTS = "webapp", "templates", "static", "docs/examples"
PAGES = "/login", "/", "/nowhere", "/docs", "/reset", "/problems/token_expired"


@pytest.fixture
def checkout(tmp_path):
    """A copy of the program, whose files may be lost."""
    folder = tmp_path / "checkout"
    for part in PARTS:
        # With its bytecode: compiling it anew takes seconds.
        shutil.copytree(ROOT / part, folder / part)
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def started(folder, instance):
    bind = f"127.0.0.1:{free_port()}"
    settings = {"WEBAPP_INSTANCE": str(instance), "WEBAPP_BIND": bind, "WEBAPP_WORKERS": "1"}
    return launch([sys.executable, "-m", "webapp", "serve"], default_url(bind), settings, cwd=folder)


def delete(folder):
    shutil.rmtree(folder)


def replace(folder):
    for file in folder.rglob("*"):
        if file.is_file():
            file.write_text("{% extends 'another version' %}{{ gone() }}")


def test_templates_and_static_files_may_change_under_a_running_server(checkout, instance):
    with serving(started(checkout, instance)) as (server,):
        first = get(f"{server.url}/login", headers={"Accept": "text/html"}).text
        style = next(part for part in first.split('"') if part.endswith("css/main.css"))
        sheet = get(server.url + style).text
        for happens in (replace, delete):
            for part in ("templates", "static", "docs/examples"):
                happens(checkout / part)
            for path in PAGES:
                answer = get(server.url + path, headers={"Accept": "text/html"})
                assert (answer.status_code < 500, "</html>" in answer.text or answer.is_redirect) == (True, True), path
            assert (get(server.url + style).status_code, get(server.url + style).text) == (200, sheet)
            assert get(server.url + style.replace("main.css", "nowhere.css")).status_code == 404
        server.stop()
    assert "Traceback" not in server.complained


def test_every_template_is_kept_from_the_start(app, monkeypatch):
    """Also those of blueprints, and those that no page has used yet."""
    loader = app.jinja_env.loader
    assert isinstance(loader, KeptTemplates)
    names = loader.list_templates()
    monkeypatch.setattr(loader, "_loader", None)
    assert len(names) > 200
    for name in names:
        app.jinja_env.get_template(name)


def test_templates_of_ones_own_are_kept_too(make_app, tmp_path):
    own = tmp_path / "login" / "login.html"
    own.parent.mkdir()
    own.write_text('{% extends "latchkey/login/login.html" %}{% block title %}Tower{% endblock %}')
    (tmp_path / "logo.png").write_bytes(b"\x89PNG\xff")
    app = make_app(WEBAPP_TEMPLATES=str(tmp_path))
    own.unlink()
    assert "<title>Tower" in Script(app).get("/login", headers={"Accept": "text/html"}).text


def test_a_template_of_a_blueprint_that_is_registered_later_is_found(app, tmp_path):
    (tmp_path / "late.html").write_text("late")
    app.jinja_loader.searchpath.append(str(tmp_path))
    assert app.jinja_env.get_template("late.html").render() == "late"


MISSING = """
import runpy, sys
from importlib import metadata
version = metadata.version
def patched(name):
    if name == "msgspec":
        raise metadata.PackageNotFoundError(name)
    return version(name)
metadata.version = patched
sys.modules["msgspec"] = None
sys.argv = ["webapp", {command!r}]
runpy.run_module("webapp", run_name="__main__")
"""
SAYS = "This version needs packages that are not installed: "


@pytest.mark.parametrize("command", ["serve", "doctor"])
def test_packages_that_are_not_installed_are_named_in_one_sentence(instance, command):
    given = os.environ | {"WEBAPP_INSTANCE": str(instance)}
    code = MISSING.format(command=command)
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=given, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    says = f"{SAYS}msgspec 0.22.0. Run: pip install --require-hashes -r requirements.txt"
    assert done.stderr.startswith(says)


def test_packages_that_are_too_old_are_named_in_one_sentence(run, monkeypatch):
    installed = metadata.version
    monkeypatch.setattr(metadata, "version", lambda name: "0.1rc1" if name == "msgspec" else installed(name))
    done = run("serve")
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1), done.stderr
    assert done.stderr.startswith(f"{SAYS}msgspec 0.22.0 (0.1rc1 is installed). Run: pip install")
