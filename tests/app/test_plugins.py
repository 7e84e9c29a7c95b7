"""Blueprints from other packages: everything that the pages of the site have, or one sentence that stops the start."""

import sys

import pytest
from flask import Blueprint
from flask.views import MethodView
from msgspec import Struct
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from tests.secret_keys import OTHER
from webapp import testing
from webapp.app.plugins import load_blueprints
from webapp.guard import anonymous_only, public, require
from webapp.settings import SettingsError
from webapp.testing import as_nobody, as_user, with_token
from webapp.web.api_schema import responds

VIEWS = '''
from flask import Blueprint, render_template
from webapp.guard import require, resource

folders = {"template_folder": "templates", "static_folder": "static", "static_url_path": "/reports/files"}
bp = Blueprint("reports", __name__, **folders)
resource("reports", "Reports", reads="Read the reports.")
other = "text"

@bp.get("/reports")
@require(role="admin", scope="reports:read")
def index():
    """List the reports."""
    return render_template("reports/index.html")
'''
PAGE = """{% extends "_layouts/page.html" %}{% block title %}Reports{% endblock %}
{% block main %}<p>No reports yet for {{ current_user.username }}.</p>{% endblock %}"""
LOGIN = """{% extends "latchkey/login/login.html" %}{% block title %}Staff only{% endblock %}"""


@pytest.fixture
def package(tmp_path, monkeypatch, declared):
    """A package that is installed beside the site, with an entry point, a template and a static file."""
    package = tmp_path / "installed" / "reports"
    (package / "templates" / "reports").mkdir(parents=True)
    (package / "static").mkdir()
    (package / "__init__.py").touch()
    (package / "views.py").write_text(VIEWS)
    (package / "broken.py").write_text("import no_such_module")
    (package / "templates" / "reports" / "index.html").write_text(PAGE)
    (package / "static" / "table.css").write_text("table { width: 100% }")
    metadata = tmp_path / "installed" / "reports-1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: reports\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text("[latchkey.blueprints]\nstatistics = reports.views:bp\n")
    monkeypatch.syspath_prepend(str(package.parent))
    yield package
    for name in [name for name in sys.modules if name.partition(".")[0] == "reports"]:
        del sys.modules[name]


@pytest.mark.parametrize("name", ["reports.views:bp", "statistics"], ids=["module and name", "entry point"])
def test_a_named_blueprint_is_guarded_and_listed_like_any_page(package, name):
    with testing.app(WEBAPP_BLUEPRINTS=name) as site:
        assert "No reports yet for ada" in as_user(site, "ada", role="admin").get("/reports").text
        assert as_user(site, "bo").get("/reports").status_code == 403
        assert as_nobody(site).get("/reports", headers={"Accept": "*/*"}).json["code"] == "token_missing"
        of_admin = with_token(site, scopes=["reports:read"], role="admin")
        assert of_admin.get("/reports").status_code == 200
        without = with_token(site, scopes=["protected:read"], role="admin").get("/reports")
        assert (without.status_code, without.json["code"]) == (403, "scope_required")
        with as_nobody(site).get("/reports/files/table.css") as file:
            assert file.text == "table { width: 100% }"
        assert "Read the reports." in as_user(site, "ada").get("/tokens/new").text
        assert "/reports" in as_nobody(site).get("/openapi.json").json["paths"]


def test_an_installed_entry_point_that_is_not_named_is_not_loaded(package):
    with testing.app() as site:
        assert as_user(site, "ada", role="admin").get("/reports").status_code == 404
    assert "reports.views" not in sys.modules


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("reports.vews:bp", "WEBAPP_BLUEPRINTS names reports.vews:bp, which cannot be imported: ModuleNotFoundError"),
        ("reports.views:pb", "which cannot be imported: AttributeError"),
        ("reports.broken:bp", "which cannot be imported: ModuleNotFoundError: No module named 'no_such_module'"),
        ("reports.views:other", "which is a str, not a Flask Blueprint"),
        ("reports", "neither package.module:name nor an entry point. Installed entry points: statistics."),
        ("reports.views.bp", "neither package.module:name nor an entry point"),
        ("reports.views:bp,statistics", "The blueprint reports cannot be registered"),
    ],
)
def test_a_wrong_name_is_one_error_message(package, name, sentence):
    with pytest.raises(SettingsError) as refused, testing.app(WEBAPP_BLUEPRINTS=name):
        """Never reached."""
    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value)


def view() -> str:
    return "in"


def blueprint(name: str, path: str, view=view, **options) -> Blueprint:
    made = Blueprint(name, __name__)
    made.add_url_rule(path, "index", view, **options)
    return made


@pytest.mark.parametrize(
    ("made", "sentence"),
    [
        (lambda: blueprint("mine", "/mine"), "has a view without an access rule: mine.index"),
        (lambda: blueprint("tokens", "/mine", require()(view)), "The blueprint tokens cannot be registered"),
        (lambda: blueprint("mine", "/dashboard", require()(view)), "has GET /dashboard, which dashboard.show serves"),
        (
            lambda: blueprint("mine", "/tokens/<uuid:other>", public(view)),
            "has GET /tokens/<>, which tokens.show serves already",
        ),
    ],
    ids=["no access rule", "a name of ours", "a URL of ours", "a URL of ours with another variable"],
)
def test_a_blueprint_with_unreachable_or_unguarded_views_is_refused(made, sentence):
    with pytest.raises(SettingsError) as refused, testing.app(made()):
        """Never reached."""
    assert sentence in str(refused.value)


def test_another_method_of_a_url_is_another_route():
    with testing.app(blueprint("mine", "/dashboard", require(scope="mine:write")(view), methods=["PUT"])) as site:
        assert with_token(site, scopes=["mine:write"]).put("/dashboard").text == "in"


@pytest.mark.parametrize("late", [False, True], ids=["with create_app", "after it"])
def test_a_blueprint_is_part_of_all_lists_whenever_it_is_registered(late):
    mine = blueprint("mine", "/mine", require(scope="mine:read")(view))
    with testing.app(*([] if late else [mine])) as site:
        if late:
            site.register_blueprint(mine)
        assert with_token(site, scopes=["mine:read"]).get("/mine").text == "in"
        assert "mine:read" in as_user(site, "ada").get("/tokens/new").text
        assert "/mine" in as_nobody(site).get("/docs").text


def test_the_error_lists_installed_entry_points():
    with pytest.raises(SettingsError, match=r"No entry point of latchkey\.blueprints is there"):
        load_blueprints(["reports"])


def test_a_folder_of_templates_replaces_and_extends_those_of_the_site(tmp_path):
    (tmp_path / "login").mkdir()
    (tmp_path / "login" / "login.html").write_text(LOGIN)
    with testing.app(WEBAPP_TEMPLATES=str(tmp_path)) as site:
        page = as_nobody(site).get("/login").text
    assert "<title>Staff only" in page
    assert 'name="password"' in page


def test_a_missing_template_folder_is_refused(tmp_path):
    with pytest.raises(SettingsError, match=r"WEBAPP_TEMPLATES names .*, which is not a folder"):
        testing.build(tmp_path, WEBAPP_SECRET_KEY=OTHER, WEBAPP_TEMPLATES=str(tmp_path / "none"))


class Answer(Struct):
    name: str


class Both(MethodView):
    @require(scope="box:read")
    def get(self):
        return ""

    @require(scope="box:write")
    @responds(Answer)
    def post(self):
        return ""


class Called:
    """An object as a view."""

    __name__ = "called"

    def __call__(self):
        return ""


def test_every_guarded_view_is_in_the_api_reference_described_or_not(tmp_path):
    box = Blueprint("box", __name__, static_folder=str(tmp_path), static_url_path="/box/files")

    async def coroutine():
        return ""

    views = {
        "plain": require()(view),
        "described_without_docstring": require()(responds(Answer)(lambda: "")),
        "without_answer": require()(responds(None, status=204)(lambda: "")),
        "without_scope": require(scope="")(lambda: ""),
        "several_scopes": require(scope="a b|c")(lambda: ""),
        "public": public(responds(Answer)(lambda: "")),
        "anonymous": anonymous_only(lambda: ""),
        "owned": require(owner=lambda: None)(lambda: ""),
        "coroutine": require()(coroutine),
        "object": require()(Called()),
        "methods": Both.as_view("methods"),
    }
    for name, function in views.items():
        box.add_url_rule(f"/box/{name}", name, function)
    with testing.app(box) as site:
        document = as_nobody(site).get("/openapi.json").json
        OPENAPI_31_VALIDATOR.validate(document)
        assert {path for path in document["paths"] if path.startswith("/box")} == {f"/box/{name}" for name in views}
        assert document["paths"]["/box/described_without_docstring"]["get"]["summary"] == "Described without docstring"
        assert set(document["paths"]["/box/methods"]) == {"get", "post"}
        page = as_user(site, "ada").get("/docs")
        assert page.status_code == 200
        assert all(f"/box/{name}" in page.text for name in views)


@pytest.mark.parametrize("is_debug", [True, False], ids=["in debug mode", "in production"])
def test_a_form_without_a_csrf_token_says_what_to_do_and_in_debug_mode_what_to_add(is_debug):
    box = blueprint("mine", "/mine", require()(view), methods=["POST"])
    with testing.app(box) as site:
        site.debug = is_debug
        ada = as_user(site, "ada")
        for headers in ({"X-CSRF-Token": ""}, {"X-CSRF-Token": "", "Accept": "application/json"}):
            answer = ada.post("/mine", headers=headers)
            assert answer.status_code == 403
            assert "Reload the page and send the form again. Nothing was changed." in answer.text
            assert ("{{ csrf() }}" in answer.text) == is_debug
        # A wrong token is a matter of the person, not of the page.
        assert "csrf()" not in ada.post("/mine", headers={"X-CSRF-Token": "wrong"}).text
