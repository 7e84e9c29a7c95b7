"""The wheel, installed with no checkout around: the command, the pages and the instance folder."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from zipfile import ZipFile

import pytest

from tests.cli.serving import bare_environ, get, launch, serving
from tests.ports import free_port
from webapp.settings.paths import CHECKOUT

# One wheel for all.
pytestmark = pytest.mark.xdist_group("installed")
INSTALL = sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "--quiet", "--target"
PAGE = {"Accept": "text/html"}
PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]


def run(*arguments, **options):
    done = subprocess.run([*map(str, arguments)], capture_output=True, text=True, timeout=300, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """An sdist, and the wheel that is built from it."""
    folder = tmp_path_factory.mktemp("built")
    run(sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", folder, cwd=CHECKOUT)
    run("tar", "-xzf", next(folder.glob("*.tar.gz")), "-C", folder)
    run(
        sys.executable,
        "-m",
        "hatchling",
        "build",
        "-t",
        "wheel",
        "-d",
        folder,
        cwd=folder / f"latchkey-{PROJECT['version']}",
    )
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(built, tmp_path_factory):
    """What pip makes of the wheel; its dependencies are those of this environment."""
    folder = tmp_path_factory.mktemp("installed")
    run(*INSTALL, folder, built)
    return folder


def environ(installed, **settings):
    return bare_environ() | {"PYTHONPATH": str(installed), **settings}


def started(latchkey, folder, **settings):
    url, environ = f"http://{settings['WEBAPP_BIND']}", {"PYTHONPATH": str(latchkey.parents[1])}
    return launch([latchkey, "serve", "--workers", "1"], url, environ | settings, cwd=folder)


def test_the_wheel_has_every_module_template_and_static_file_and_no_test(built):
    names = {name for name in ZipFile(built).namelist() if ".dist-info/" not in name}
    modules = {str(file.relative_to(CHECKOUT)) for file in (CHECKOUT / "webapp").rglob("*.py")}
    files = {
        f"webapp/_files/{file.relative_to(CHECKOUT)}"
        for folder in ("templates", "static")
        for file in (CHECKOUT / folder).rglob("*")
        if file.is_file()
    }
    assert names >= modules | files
    assert {name.split("/")[0] for name in names} == {"webapp"}


def test_its_dependencies_are_those_of_the_requirements():
    named = [line.replace("==", ">=") for line in (CHECKOUT / "requirements.in").read_text().split("\n") if line]
    assert PROJECT["dependencies"] == named


def test_the_command_prints_version_and_help_from_any_folder(installed, tmp_path):
    command = installed / "bin" / "latchkey"
    assert run(command, "--version", cwd=tmp_path, env=environ(installed)).strip() == PROJECT["version"]
    assert "Usage: latchkey" in run(command, "--help", cwd=tmp_path, env=environ(installed))
    assert list(tmp_path.iterdir()) == []


def test_the_installed_package_stores_data_in_the_chosen_folder(installed, tmp_path):
    chosen, work = tmp_path / "elsewhere", tmp_path / "work"
    work.mkdir()
    run(installed / "bin" / "latchkey", "db", "upgrade", cwd=work, env=environ(installed, WEBAPP_INSTANCE=str(chosen)))
    assert (chosen / "latchkey.db").exists()
    assert list(work.iterdir()) == list(installed.rglob("latchkey.db")) == []


@pytest.fixture(scope="module")
def workshop(installed, tmp_path_factory):
    """The folder of a new app, and what finds its package and ours."""
    folder = tmp_path_factory.mktemp("new")
    run(installed / "bin" / "latchkey", "new", "workshop", cwd=folder, env=environ(installed))
    run(*INSTALL, folder / "app", "--no-build-isolation", folder / "workshop")
    return folder / "workshop", f"{installed}{os.pathsep}{folder / 'app'}"


def test_the_tests_of_a_new_app_pass(workshop):
    app, path = workshop
    # Of pytest's plug-ins it needs none, and loading ours takes longer than its tests.
    alone = bare_environ() | {"PYTHONPATH": path, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    assert "3 passed" in run(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=app, env=alone)


@pytest.fixture(scope="module")
def working_directory(workshop, tmp_path_factory):
    """A copy of the new app's folder, with a project of our name in it, which must not be imported instead."""
    folder = tmp_path_factory.mktemp("work") / "workshop"
    shutil.copytree(workshop[0], folder)
    (folder / "webapp").mkdir()
    (folder / "webapp" / "__init__.py").write_text("raise SystemExit('not this one')")
    return folder


@pytest.fixture(scope="module")
def served(installed, workshop, working_directory):
    """The new app, as its README.md says."""
    bind = f"127.0.0.1:{free_port()}"
    settings = {"PYTHONPATH": workshop[1], "WEBAPP_BIND": bind, "WEBAPP_BASE_URL": f"http://{bind}"}
    with serving(started(installed / "bin" / "latchkey", working_directory, **settings)) as (server,):
        yield server


def test_the_installed_package_serves_and_stores_data_in_the_working_directory(installed, working_directory, served):
    page = get(f"{served.url}/login", headers=PAGE).text
    style = re.search(r'href="(/static/[^"]+\.css)"', page)
    assert style
    assert served.open(style[1]).status_code == 200
    assert get(f"{served.url}/docs", headers=PAGE).status_code == 200
    assert (working_directory / "instance" / "latchkey.db").exists()
    assert not list(installed.rglob("latchkey.db"))


def test_a_new_app_is_served_behind_the_login(installed, workshop, working_directory, served):
    assert served.open("/workshop").json()["code"] == "token_missing"
    assert "/workshop" in served.open("/openapi.json").json()["paths"]
    env = environ(installed, PYTHONPATH=workshop[1])
    assert "workshop:read" in run(installed / "bin" / "latchkey", "routes", cwd=working_directory, env=env)
