"""guard_blueprint: one rule for the views of a blueprint, which a rule above a view replaces."""

from datetime import timedelta
from urllib.parse import quote

import pytest
from flask import Blueprint

from webapp import testing
from webapp.guard import current_principal, guard_blueprint, public, require
from webapp.settings import SettingsError
from webapp.testing import as_nobody, as_user, clock, with_token


def name() -> str:
    return current_principal.username if current_principal else "nobody"


@pytest.fixture
def site(tmp_path):
    (tmp_path / "table.css").write_text("table {}")
    outer = Blueprint("outer", __name__, static_folder=str(tmp_path), static_url_path="/outer/files")
    guard_blueprint(outer, require(role="admin", scope="outer:read"))
    inner, free = Blueprint("inner", __name__), Blueprint("free", __name__)
    guard_blueprint(free, public)
    outer.add_url_rule("/outer", "plain", name)
    outer.add_url_rule("/outer/all", "all", require(scope="other:read")(name))
    outer.add_url_rule("/outer/open", "open", public(name))
    inner.add_url_rule("/outer/inner", "plain", name)
    free.add_url_rule("/outer/free", "plain", name)
    outer.register_blueprint(inner)
    outer.register_blueprint(free)
    with testing.app(outer) as site:
        yield site


# Status for: nobody, a user, an admin, an admin's token with outer:read, one with other:read.
TABLE = {
    "/outer": (401, 403, 200, 200, 403),
    "/outer/inner": (401, 403, 200, 200, 403),
    "/outer/files/table.css": (401, 403, 200, 200, 403),
    "/outer/all": (401, 200, 200, 403, 200),
    "/outer/open": (200, 200, 200, 200, 200),
    "/outer/free": (200, 200, 200, 200, 200),
}


@pytest.mark.parametrize("path", TABLE)
def test_each_view_has_the_rule_above_it_or_that_of_the_nearest_blueprint(site, path):
    callers = (
        as_nobody(site),
        as_user(site, "bo"),
        as_user(site, "ada", role="admin"),
        with_token(site, scopes=["outer:read"]),
        with_token(site, scopes=["other:read"]),
    )
    answers = []
    for caller in callers:
        with caller.get(path, headers={"Accept": "*/*"}) as answer:
            answers.append(answer.status_code)
    assert tuple(answers) == TABLE[path]


def test_the_rule_is_listed_like_one_above_the_view(site):
    assert "outer:read" in as_user(site, "ada", role="admin").get("/tokens/new").text
    described = as_nobody(site).get("/openapi.json").json["paths"]["/outer/inner"]["get"]
    assert described["security"][0] == {"bearer": ["outer:read"]}


def test_a_second_rule_for_a_blueprint_is_refused():
    blueprint = Blueprint("mine", __name__)
    guard_blueprint(blueprint, require())
    with pytest.raises(TypeError, match="The blueprint mine already has an access rule"):
        guard_blueprint(blueprint, public)


def test_a_view_with_a_principal_parameter_needs_its_own_rule():
    blueprint = Blueprint("mine", __name__)
    guard_blueprint(blueprint, require())
    blueprint.add_url_rule("/mine", "who", lambda principal: principal.username)
    with pytest.raises(SettingsError, match=r"mine\.who has a parameter principal"), testing.app(blueprint):
        """Never reached."""


def with_login_page(**options) -> Blueprint:
    area, inner = Blueprint("area", __name__), Blueprint("inner", __name__)
    guard_blueprint(area, require(), **options)
    area.add_url_rule("/area", "plain", name, methods=["GET", "POST"])
    area.add_url_rule("/area/open", "open", require(optional=True)(name))
    area.add_url_rule("/area/login", "login", public(lambda: "Log in here"))
    inner.add_url_rule("/area/inner", "plain", name)
    area.register_blueprint(inner)
    return area


@pytest.mark.parametrize("path", ["/area", "/area/inner", "/area?page=2"])
def test_a_blueprint_can_have_a_login_page_of_its_own(path):
    with testing.app(with_login_page(login_view="area.login")) as site, clock() as time:
        target = quote(path, safe="/?")
        assert as_nobody(site).get(path).headers["Location"] == f"/area/login?next={target}"
        ada = as_user(site, "ada")
        time.shift(timedelta(hours=13))
        assert ada.get(path).headers["Location"] == f"/area/login?next={target}&ended=1"
        assert 'href="/area/login"' in as_nobody(site).post("/area").text
        assert as_nobody(site).get("/dashboard").headers["Location"] == "/login?next=/dashboard"
        assert as_nobody(site).get(path, headers={"Accept": "*/*"}).status_code == 401


@pytest.mark.parametrize("login_view", ["area.plain", "area.nothing", "login"])
def test_a_login_page_that_needs_a_login_stops_the_start(login_view):
    made = with_login_page(login_view=login_view)
    with pytest.raises(SettingsError, match="which is not a @public view"), testing.app(made):
        """Never reached."""
