"""serve --debug, as it really runs: an app that is changed while it is served."""

import os
import time

import httpx
import pytest

from tests.cli.serving import ROOT, get, serving, start

VIEWS = """
from flask import Blueprint, render_template
from webapp.guard import public

bp = Blueprint("notes", __name__, template_folder="templates")

@bp.get("/notes")
@public
def index():
    return render_template("notes.txt", word="first")

@bp.get("/notes/boom")
@public
def boom():
    return 1 / 0
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "notes" / "templates").mkdir(parents=True)
    (tmp_path / "notes" / "__init__.py").touch()
    (tmp_path / "notes" / "views.py").write_text(VIEWS)
    (tmp_path / "notes" / "templates" / "notes.txt").write_text("{{ word }} draft")
    return tmp_path


def text_at(url):
    try:
        return get(url).text
    except httpx.TransportError:
        return ""


def becomes(server, text):
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if text_at(f"{server.url}/notes") == text:
            return True
        time.sleep(0.2)
    return False


def test_changes_of_the_app_are_served_and_its_errors_are_shown(instance, folder):
    path = os.pathsep.join([str(ROOT), str(folder)])
    with serving(start(instance, "--debug", WEBAPP_BLUEPRINTS="notes.views:bp", PYTHONPATH=path)) as (server,):
        assert becomes(server, "first draft")
        assert "ZeroDivisionError" in text_at(f"{server.url}/notes/boom")
        (folder / "notes" / "views.py").write_text(VIEWS.replace("first", "second"))
        (folder / "notes" / "templates" / "notes.txt").write_text("{{ word }} edition")
        assert becomes(server, "second edition")


@pytest.mark.xdist_group("proxied_site")
def test_without_it_no_error_is_shown(proxied_site):
    answer = get(f"{proxied_site.url}/failing", headers={"Host": proxied_site.host})
    assert (answer.status_code, "ZeroDivisionError" in answer.text) == (500, False)
    assert "ZeroDivisionError" in proxied_site.complained
