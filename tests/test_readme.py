"""The examples and settings of the README work."""

import re
from pathlib import Path

from flask import Flask

from tests import factories
from tests.script import Script
from webapp.settings import Settings
from webapp.web.registry import services_of

README = (Path(__file__).resolve().parents[1] / "README.md").read_text()
IMPORTS = "from flask import Blueprint\nfrom webapp.guard import Principal, require\n"


def test_the_example_of_the_readme_is_guarded(app: Flask) -> None:
    code = re.search(r"```python\n(.*?)```", README, re.DOTALL)
    assert code
    module: dict[str, object] = {"__name__": "webapp.reports.views"}
    exec(IMPORTS + code[1], module)
    app.register_blueprint(module["bp"])  # type: ignore[arg-type]
    boss, other = factories.user(app, "boss", role="admin"), factories.user(app)
    wide, narrow = (
        Script(app, factories.api_token(app, boss, scope).token) for scope in ("reports:read", "tokens:read")
    )
    theirs = Script(app, factories.api_token(app, other, "reports:read").token)
    assert wide.get("/reports").json == {"for": "boss"}
    assert narrow.get("/reports").json["code"] == "scope_required"
    assert theirs.get("/reports").json["code"] == "role_required"
    assert Script(app).get("/reports").status_code == 401


def test_every_setting_in_the_readme_exists(app: Flask) -> None:
    named = set(re.findall(r"`(WEBAPP_[A-Z_]+)`", README))
    known = {row.variable for row in services_of(app).get(Settings).describe({})}
    assert named
    assert named <= known


def test_the_picture_of_the_readme_exists() -> None:
    assert all(
        (Path(__file__).resolve().parents[1] / picture).is_file()
        for picture in re.findall(r"!\[.*?\]\((.*?)\)", README)
    )
