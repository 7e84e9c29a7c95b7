"""docs/adding-a-package.md, run as it stands; and what webapp.testing promises besides."""

import re
import subprocess
import sys
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from webapp import testing
from webapp.guard.token_grant import TokenGrant
from webapp.settings import SettingsError
from webapp.testing import as_nobody, as_user, clock, with_token

ROOT = Path(__file__).resolve().parents[1]
PACKAGE, TESTS = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "adding-a-package.md").read_text(), re.DOTALL)


@pytest.mark.parametrize("name", re.findall(r"def (test_\w+)", TESTS))
def test_the_tests_of_the_document_pass(name):
    package = {"__name__": "webapp.notes.views"}
    exec(PACKAGE + TESTS, package)
    package["app"] = lambda: app_with(package["bp"])
    package[name]()


@contextmanager
def app_with(bp):
    """An application whose ``webapp/app/blueprints.py`` has the package."""
    with testing.app() as site:
        site.register_blueprint(bp)
        yield site


def test_every_call_in_its_table_exists():
    table = (ROOT / "docs" / "adding-a-package.md").read_text().split("## Its tests")[1].split("```")[0]
    named = set(re.findall(r"`(\w+)\(", table)) | {"PASSWORD"}
    assert {"app", "build", "as_user", "with_token", "as_nobody", "clock", "user", "api_token"} <= named
    assert all(hasattr(testing, name) for name in named)


def test_the_former_name_works_and_an_unknown_setting_is_refused():
    with testing.house(WEBAPP_REGISTRATION="closed") as site:
        assert site.config["REGISTRATION"] == "closed"
    with pytest.raises(SettingsError, match="WEBAPP_REGISTRATON"), testing.app(WEBAPP_REGISTRATON="open"):
        """Never reached."""


def test_a_user_is_created_once_and_keeps_the_role(app):
    as_user(app, "ada", role="admin")
    assert as_user(app, "ada").get("/protected/admin", headers={"Accept": "*/*"}).json["username"] == "ada"
    assert with_token(app, scopes=["protected:read"], of="ada").get("/protected").json["username"] == "ada"
    with pytest.raises(ValueError, match="with the role admin"):
        as_user(app, "ada", role="user")


def test_a_test_session_ends_like_any_other(app):
    ada = as_user(app, "ada")
    assert ada.get("/protected", headers={"Accept": "*/*"}).json["credential"] == "session"
    assert ada.post("/logout").status_code == 303
    assert ada.get("/protected", headers={"Accept": "*/*"}).status_code == 401


def test_the_test_clients_work_with_secure_cookies(make_app):
    app = make_app(WEBAPP_BASE_URL="https://login.example.org")
    assert as_user(app, "ada").post("/logout").status_code == 303
    assert as_nobody(app).get("/protected").status_code == 303


def test_a_test_token_is_valid_for_a_week(app):
    with clock() as time:
        script = with_token(app, scopes=["protected:read"])
        time.shift(timedelta(days=8))
        assert script.get("/protected").json["code"] == "token_expired"


def test_a_test_token_takes_its_grant_by_the_former_name_too(app):
    grant = TokenGrant(scopes=frozenset({"profile:read"}))
    for number, name in enumerate(("grant", "authority")):
        issued = testing.api_token(app, testing.user(app, f"ada{number}"), **{name: grant})
        assert issued.credential.grant == grant


RUNS = "webapp.__main__, webapp.app, webapp.cli.worker, webapp.cli.serve"


def test_nothing_that_runs_imports_the_test_kit_and_the_test_kit_does_without_pytest():
    code = f"""import sys, {RUNS}
assert 'webapp.testing' not in sys.modules
sys.modules['pytest'] = None
import webapp.testing"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
