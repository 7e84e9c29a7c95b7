"""docs/coming-from.md: every call of ours that it names is there, and its snippets do what they say."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from flask_login import current_user

from webapp import guard
from webapp.cli import program
from webapp.guard import public, require
from webapp.settings import Settings
from webapp.testing import as_user, with_token
from webapp.tokens.issuing import TokenIssuer
from webapp.web.registry import services_of

TEXT = (Path(__file__).resolve().parents[1] / "docs" / "coming-from.md").read_text()
SNIPPETS = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
ROWS = [re.split(r"(?<!\\) \| ", line.strip("| \n")) for line in TEXT.splitlines() if line.startswith("| `")]
OURS = sorted({span for row in ROWS for span in re.findall(r"`([^`]+)`", row[1])})
SETTINGS = [span for span in OURS if span.startswith("WEBAPP_")]
ADDRESSES = [span for span in OURS if re.match(r"(GET|POST) /", span)]
COMMANDS = [span for span in OURS if span.startswith("python -m webapp ")]
# Parameters, headers and modules, each said with the thing that has it.
WORDS = {"remember", "cookie", "principal", "webapp.guard", "webapp.testing", "webapp.verify", "X-CSRF-Token"}
CALLS = [span for span in OURS if span not in {*SETTINGS, *ADDRESSES, *COMMANDS, *WORDS}]

REGISTRY = {"services_of": services_of, "TokenIssuer": TokenIssuer}


@pytest.fixture
def site(make_app):
    return make_app(WEBAPP_TOKEN_LOCATIONS="header,cookie")


def names(app):
    return (
        vars(guard) | {"current_user": current_user, "app": app, "timedelta": timedelta, "as_user": as_user} | REGISTRY
    )


def test_every_row_has_three_columns():
    assert len(ROWS) > 40
    assert all(len(row) == 3 for row in ROWS), [row for row in ROWS if len(row) != 3]


@pytest.mark.parametrize("name", sorted(set(re.findall(r"WEBAPP_[A-Z_]+", TEXT))))
def test_every_setting_in_the_document_exists(app, name):
    assert name in {row.variable for row in services_of(app).get(Settings).describe({})}


@pytest.mark.parametrize("endpoint", ADDRESSES)
def test_every_route_in_the_document_exists(site, endpoint):
    method, path = endpoint.split()
    # The kinds of problems have one address for all of them.
    rules = {(verb, rule.rule) for rule in site.url_map.iter_rules() for verb in rule.methods}
    assert (method, path) in rules or site.url_map.bind("").test(path, method)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_in_the_document_exists(command):
    assert command.split()[3] in program.COMMANDS


@pytest.mark.parametrize("call", CALLS)
def test_every_call_in_the_document_works(site, call):
    """In a view, by the caller that it speaks of."""
    seen = []

    def view():
        found = eval(call.removeprefix("@"), names(site))
        seen.append(found(lambda: "worn") if call.startswith("@") else found)
        return "seen"

    site.add_url_rule("/called", view_func=require(scope="protected:read")(view))
    assert with_token(site, scopes=["protected:read"]).get("/called").text == "seen"
    assert seen


def test_the_imports_of_the_first_snippet_work():
    found = {}
    exec(SNIPPETS[0], found)
    assert {"require", "public", "current_principal", "current_record", "user_lookup"} <= set(found)


def test_the_view_of_the_document_is_guarded(app):
    (code,) = [code for code in SNIPPETS if "def reports" in code]
    exec(code, names(app))
    assert as_user(app, "boss", role="admin").get("/reports").json == {"for": "boss"}
    assert with_token(app, scopes=["reports:read"], of="boss").get("/reports").json == {"for": "boss"}
    assert with_token(app, scopes=["reports:read"], of="ada").get("/reports").json["code"] == "role_required"


def test_users_of_the_documented_provider_can_log_in(make_app, monkeypatch, tmp_path):
    (code,) = [code for code in SNIPPETS if "def authenticate" in code]
    (tmp_path / "coming_people.py").write_text(code)
    monkeypatch.syspath_prepend(str(tmp_path))
    app = make_app(WEBAPP_IDENTITY_PROVIDER="coming_people:authenticate")
    body = {"username": "grace", "password": "a password of theirs"}
    assert app.test_client().post("/api/auth", json=body).status_code == 200


def test_the_documented_claims_and_record_are_set(app):
    (code,) = [code for code in SNIPPETS if "adds_claims" in code]
    exec(code, names(app))

    def mine():
        return {"tenant": guard.current_claims["tenant"], "desk": guard.current_record["desk"]}

    app.add_url_rule("/mine", view_func=require(scope="protected:read")(mine))
    assert with_token(app, scopes=["protected:read"], of="ada").get("/mine").json == {"tenant": "acme", "desk": 7}


def test_views_without_a_rule_or_with_two_behave_as_documented(app):
    app.add_url_rule("/open", view_func=lambda: "in")
    assert as_user(app, "ada").get("/open").status_code == 403
    with pytest.raises(TypeError):
        public(require()(lambda: "in"))
