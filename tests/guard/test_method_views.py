"""Rules above the methods of a ``MethodView``: each method has its own, that of its class, or that of its blueprint."""

import pytest
from flask import Blueprint
from flask.views import MethodView
from msgspec import Struct

from webapp import testing
from webapp.guard import Principal, guard_blueprint, public, require
from webapp.guard.routes import routes
from webapp.settings import SettingsError
from webapp.testing import as_nobody, as_user, with_token
from webapp.web.api_schema import responds
from webapp.web.form import Form


class Note(Struct):
    by: str


class NoteForm(Form):
    pass


class Notes(MethodView):
    @public
    def get(self):
        """List the notes."""
        return "all"

    @require(scope="notes:write")
    @responds(Note, form=NoteForm)
    def post(self, principal: Principal):
        """Add a note."""
        return {"by": principal.username}

    @require(role="admin", session=True)
    def delete(self, principal: Principal):
        """Remove the notes."""
        return {"by": principal.username}


class Plain(MethodView):
    def get(self):
        return "plain"


class Mixed(MethodView):
    def get(self):
        return "by the rule of the blueprint"

    @require(role="admin")
    def post(self):
        return "by its own"


class WithHead(MethodView):
    @require(role="admin")
    def get(self):
        return "secret"

    @public
    def head(self):
        return ""


class Decorated(MethodView):
    decorators = (require(role="admin"),)

    def get(self):
        return "by the rule of the class"


def blueprint(*classes, rule=None):
    made = Blueprint("notes", __name__)
    if rule:
        guard_blueprint(made, rule)
    for view in classes:
        made.add_url_rule(f"/{view.__name__.lower()}", view_func=view.as_view(view.__name__.lower()))
    return made


@pytest.fixture
def site():
    with testing.app(blueprint(Notes, Decorated)) as site:
        yield site


# Status for: nobody, a user, an admin, a token with notes:write, an admin's token without.
TABLE = {
    ("GET", "/notes"): (200, 200, 200, 200, 200),
    ("HEAD", "/notes"): (200, 200, 200, 200, 200),
    ("POST", "/notes"): (401, 200, 200, 200, 403),
    ("DELETE", "/notes"): (401, 403, 200, 403, 403),
    ("PUT", "/notes"): (405, 405, 405, 405, 405),
    ("GET", "/decorated"): (401, 403, 200, 403, 200),
    ("HEAD", "/decorated"): (401, 403, 200, 403, 200),
}


def answers(site, method, path):
    callers = (
        as_nobody(site),
        as_user(site, "bo"),
        as_user(site, "ada", role="admin"),
        with_token(site, scopes=["notes:write"], of="bo"),
        with_token(site, of="ada"),
    )
    return tuple(caller.open(path, method=method, headers={"Accept": "*/*"}).status_code for caller in callers)


@pytest.mark.parametrize(("method", "path"), TABLE)
def test_each_method_has_its_own_rule(site, method, path):
    assert answers(site, method, path) == TABLE[method, path]


def test_a_method_without_a_rule_has_that_of_the_blueprint():
    with testing.app(blueprint(Plain, Mixed, rule=require(role="admin", scope="notes:write"))) as site:
        # The scope of ada's token is the general one, which only the rule above ``post`` accepts.
        assert answers(site, "GET", "/plain") == (401, 403, 200, 403, 403)
        assert answers(site, "GET", "/mixed") == (401, 403, 200, 403, 403)
        assert answers(site, "POST", "/mixed") == (401, 403, 200, 403, 200)


def test_a_rule_above_head_applies_only_to_head():
    with testing.app(blueprint(WithHead)) as site:
        assert answers(site, "HEAD", "/withhead") == (200,) * 5
        assert answers(site, "GET", "/withhead") == (401, 403, 200, 403, 200)


def test_each_method_is_listed_with_its_own_rule(site):
    found = {(method, r.by_session, r.by_token) for r in routes(site) if r.path == "/notes" for method in r.methods}
    assert found == {
        ("GET", "everybody", "everybody"),
        ("POST", "any account", "notes:write"),
        ("DELETE", "role admin", "nobody"),
    }
    listed = as_nobody(site).get("/openapi.json").json["paths"]["/notes"]
    assert {method: operation["summary"] for method, operation in listed.items()} == {
        "get": "List the notes",
        "post": "Add a note",
        "delete": "Remove the notes",
    }
    assert len({operation["operationId"] for operation in listed.values()}) == 3
    assert "security" in listed["get"]
    assert listed["post"]["security"][0] == {"bearer": ["notes:write"]}
    assert "notes:write" in as_user(site, "bo").get("/tokens/new").text


def test_the_fields_of_a_method_are_those_of_its_form(site):
    answer = with_token(site, scopes=["notes:write"]).post("/notes", data={"titel": "x"})
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["titel"])


def twice():
    class Twice(MethodView):
        decorators = (public,)

        @require(role="admin")
        def get(self):
            return "secret"

    return Twice


def waiting():
    class Waiting(MethodView):
        decorators = (require(),)

        def get(self, principal):
            return principal.username

    return Waiting


def overridden():
    class Overridden(Notes):
        def post(self):
            return "open"

    return Overridden


@pytest.mark.parametrize(
    ("view", "sentence"),
    [
        (lambda: Mixed, "has a view without an access rule: GET of notes.mixed"),
        (overridden, "has a view without an access rule: POST of notes.overridden"),
        (twice, "Twice.get has an access rule, and so have the decorators of its class"),
        (waiting, "The view GET of notes.waiting has a parameter principal"),
    ],
)
def test_a_method_without_one_clear_rule_stops_the_start(view, sentence):
    with pytest.raises(SettingsError) as refused, testing.app(blueprint(view())):
        """Never reached."""
    assert sentence in str(refused.value)


@pytest.mark.parametrize("rule", [require(), public], ids=["require", "public"])
def test_a_rule_above_a_class_is_an_error_that_names_the_right_place(rule):
    with pytest.raises(TypeError, match="above its methods, or into its list ``decorators``"):
        rule(Plain)
