"""@require and @public: the requirement of a view decides; a view without one, or with a wrong one, is refused."""

from functools import wraps

import flask_login
import pytest
from flask import Blueprint

from tests.browser import Person
from tests.guard.example_routes import add, caller_name, plain
from tests.script import Script
from webapp.guard import login_required, public, require
from webapp.guard.policy import Requirement
from webapp.guard.require import requirement_of


def inside_out(app, view):
    """The guard above the route: the route was registered before the guard was put on."""
    return require()(app.get("/open", endpoint="open")(view))


@pytest.mark.parametrize(
    "declare",
    [
        pytest.param(lambda app: add(app, "/open", plain("secret")), id="a view that wears nothing"),
        pytest.param(
            lambda app: add(app, "/open", flask_login.login_required(plain("secret"))),
            id="a view that wears only the decorator of Flask-Login",
        ),
        pytest.param(
            lambda app: add(app, "/open", flask_login.fresh_login_required(plain("secret"))),
            id="a view that wears only the other decorator of Flask-Login",
        ),
        pytest.param(
            lambda app: inside_out(app, lambda principal: "secret"),
            id="a view that takes its principal, with the guard above the route",
        ),
        pytest.param(
            lambda app: inside_out(app, plain("secret")), id="a view that takes none, with the guard above the route"
        ),
        pytest.param(
            lambda app: add(app, "/open", plain("secret"), methods=["GET", "OPTIONS"], provide_automatic_options=False),
            id="a view that answers OPTIONS itself",
        ),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_a_view_without_a_rule_is_refused(app, user, declare, method):
    declare(app)
    person = Person(app)
    person.log_in(user.username)
    answer = person.ask(method, "/open")
    assert answer.status_code == 403
    assert "secret" not in answer.text


def test_the_error_of_a_view_without_a_rule_says_what_to_write(app):
    add(app, "/open", flask_login.login_required(plain("secret")))
    detail = Script(app).get("/open").json["detail"]
    assert "@require() or @public" in detail
    assert "webapp.guard" in detail


def test_a_view_without_a_rule_is_refused_to_tokens_too(app, script):
    add(app, "/open", plain("secret"))
    assert script.get("/open").json["code"] == "undeclared"


def test_static_files_of_a_blueprint_are_refused_without_a_rule(app, tmp_path):
    (tmp_path / "secret.txt").write_text("secret")
    app.register_blueprint(Blueprint("extra", __name__, static_folder=str(tmp_path), static_url_path="/extra"))
    assert Script(app).get("/extra/secret.txt").status_code == 403


def test_flask_logins_decorator_under_ours_changes_nothing(app, script):
    add(app, "/both", require(scope="protected:read")(flask_login.login_required(plain("in"))))
    assert script.get("/both").text == "in"


def test_our_login_required_is_require_without_arguments(app):
    add(app, "/one", login_required(plain("in")))
    add(app, "/other", require()(plain("in")))
    assert requirement_of(app, "one") == requirement_of(app, "other") == Requirement()


def test_a_view_with_a_principal_parameter_gets_the_principal(app, script):
    add(app, "/who", require(scope="protected:read")(caller_name))
    assert script.get("/who").json == {"username": "ada", "credential": "token", "same": True}


def test_a_guarded_view_cannot_be_called_directly(app):
    view = require()(caller_name)
    with app.test_request_context("/who"), pytest.raises(AttributeError):
        view()


def test_a_rule_is_kept_through_another_decorator(app, script):
    def counted(view):
        @wraps(view)
        def counting(*args, **kwargs):
            return view(*args, **kwargs)

        return counting

    add(app, "/counted", counted(require(scope="protected:read")(plain("in"))))
    assert (script.get("/counted").text, Script(app).get("/counted").status_code) == ("in", 401)


@pytest.mark.parametrize(
    "wear",
    [
        pytest.param(lambda view: public(require()(view)), id="public above require"),
        pytest.param(lambda view: require()(public(view)), id="require above public"),
        pytest.param(lambda view: require()(require(role="admin")(view)), id="two requirements"),
    ],
)
def test_a_view_with_two_rules_stops_the_start(wear):
    with pytest.raises(TypeError, match="already"):
        wear(plain("in"))


def test_one_function_on_two_routes_can_have_two_rules(app, script):
    view = plain("in")
    add(app, "/strict", require(role="admin", scope="protected:read")(view))
    add(app, "/lax", require(scope="protected:read")(view))
    assert (script.get("/strict").status_code, script.get("/lax").status_code) == (403, 200)
