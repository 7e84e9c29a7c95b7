"""The table of product.md §4: who a request is, and in which form it is refused."""

import pytest

from tests import factories, restored_site
from tests.browser import Person
from tests.guard.example_routes import HTML, with_changes
from tests.script import Script

REALM = 'Bearer realm="Latchkey"'
SCRIPTS = [
    pytest.param("application/json", id="JSON"),
    pytest.param("*/*", id="anything"),
    pytest.param("", id="nothing in particular"),
    pytest.param("text/html;q=0, */*", id="anything but HTML"),
    pytest.param("application/json, text/html;q=0.5", id="JSON rather than HTML"),
    pytest.param("text/*", id="some text"),
]
BROWSERS = [
    pytest.param(HTML, id="a browser"),
    pytest.param("text/html", id="HTML alone"),
    pytest.param("TEXT/HTML, */*;q=0.1", id="HTML in capitals"),
    pytest.param("text/html, application/json", id="HTML as well as JSON"),
]


restored, app = restored_site.fixtures(routes=with_changes)


@pytest.fixture
def site(app):
    return app


def ask(app, method, path, *, accept=None, client=None, **headers):
    """As bare as can be: no header that is not asked for."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    sent |= {} if accept is None else {"Accept": accept}
    return (client or app.test_client(use_cookies=False)).open(path, method=method, headers=sent, buffered=True)


def is_problem(answer, status, code):
    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"
    assert answer.json["code"] == code
    return True


@pytest.mark.parametrize("accept", BROWSERS)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_an_anonymous_browser_is_redirected_to_the_login_and_back(app, method, accept):
    answer = ask(app, method, "/protected", accept=accept)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login?next=/protected")


def test_the_redirect_after_the_login_keeps_the_query(app):
    answer = ask(app, "GET", "/tokens?view=ended&first=20", accept=HTML)
    assert answer.headers["Location"] == "/login?next=/tokens?view%3Dended%26first%3D20"


@pytest.mark.parametrize("accept", BROWSERS)
def test_an_anonymous_browser_that_posts_gets_a_page_with_401(site, accept):
    for method in ("POST", "PUT", "DELETE"):
        answer = ask(site, method, "/change", accept=accept)
        assert (answer.status_code, answer.mimetype) == (401, "text/html"), method
        assert answer.headers["WWW-Authenticate"] == REALM


@pytest.mark.parametrize("accept", [*SCRIPTS, pytest.param(None, id="without Accept")])
def test_an_anonymous_script_gets_401_and_is_never_redirected(site, accept):
    for method in ("GET", "POST", "PUT"):
        answer = ask(site, method, "/change", accept=accept)
        assert is_problem(answer, 401, "token_missing"), method
        assert answer.headers["WWW-Authenticate"] == REALM


def test_head_of_an_anonymous_script_is_401_with_a_challenge_and_no_body(app):
    answer = ask(app, "HEAD", "/protected")
    assert (answer.status_code, answer.data, answer.headers["WWW-Authenticate"]) == (401, b"", REALM)


@pytest.mark.parametrize("accept", [*SCRIPTS, *BROWSERS])
def test_an_invalid_bearer_token_is_problem_json_whatever_is_accepted(site, accept):
    challenge = f'{REALM}, error="invalid_token", error_description="token_invalid"'
    for method in ("GET", "POST"):
        answer = ask(site, method, "/change", accept=accept, Authorization="Bearer nonsense")
        assert is_problem(answer, 401, "token_invalid"), method
        assert answer.headers["WWW-Authenticate"] == challenge


@pytest.mark.parametrize("accept", [*SCRIPTS, *BROWSERS])
def test_a_valid_bearer_token_gets_json_whatever_is_accepted(app, script, accept):
    answer = script.get("/protected", headers={"Accept": accept})
    assert (answer.status_code, answer.mimetype) == (200, "application/json")


def test_a_missing_scope_is_a_problem_with_required_and_fix(app, user):
    answer = Script(app, factories.api_token(app, user, "profile:read").token).get("/protected")
    assert is_problem(answer, 403, "scope_required")
    assert answer.json["required"] == ["protected:read"]
    assert answer.json["fix"].startswith("http://localhost:8000/tokens/new?scopes=profile:read&scopes=protected:read")
    challenge = f'{REALM}, error="insufficient_scope", error_description="scope_required", scope="protected:read"'
    assert answer.headers["WWW-Authenticate"] == challenge


def test_the_fix_url_is_a_form_that_grants_the_scope(person, app, user):
    fix = Script(app, factories.api_token(app, user, "profile:read").token).get("/protected").json["fix"]
    person.open(fix.removeprefix("http://localhost:8000"))
    shown = person.press("Create token", name="mended")
    assert "protected:read" in shown.text


def test_a_script_that_lacks_a_role_gets_the_required_one(script):
    answer = script.get("/protected/admin")
    assert is_problem(answer, 403, "role_required")
    assert answer.json["required"] == ["admin"]
    assert 'error_description="role_required"' in answer.headers["WWW-Authenticate"]


def test_a_browser_that_lacks_a_role_gets_a_page(person):
    answer = person.ask("GET", "/protected/admin")
    assert (answer.status_code, answer.mimetype) == (403, "text/html")
    assert "role admin" in answer.text


def test_a_script_with_a_cookie_is_refused_as_a_script(person):
    answer = person.ask("GET", "/protected/admin", headers={"Accept": "*/*"})
    assert is_problem(answer, 403, "role_required")


def test_a_script_with_a_session_cookie_is_logged_in(person):
    assert person.ask("GET", "/protected", headers={"Accept": "*/*"}).json["credential"] == "session"


@pytest.mark.parametrize("accept", [HTML, "*/*"])
def test_an_ended_session_gets_its_own_problem_code(person, app, accept):
    copied = person.cookie
    person.open("/logout")
    person.press("Log out")
    thief = Person(app)
    thief.client.set_cookie("session", copied)
    answer = thief.ask("GET", "/protected", headers={"Accept": accept})
    if accept == HTML:
        assert (answer.status_code, answer.headers["Location"]) == (303, "/login?next=/protected&ended=1")
    else:
        assert is_problem(answer, 401, "session_ended")


@pytest.mark.parametrize("path", ["/protected", "/dashboard", "/tokens", "/login", "/nowhere"])
def test_problems_have_the_members_of_rfc_9457(app, path):
    answer = ask(app, "DELETE", path)
    assert answer.json["type"].startswith("http://localhost:8000/problems/")
    assert answer.json["status"] == answer.status_code
    assert answer.json["title"]
    assert answer.json["instance"].startswith("urn:uuid:")


def test_the_type_of_a_problem_is_the_url_of_a_page(app):
    kind = ask(app, "GET", "/protected").json["type"].removeprefix("http://localhost:8000")
    assert ask(app, "GET", kind).json["slug"] == "token-missing"
    assert Person(app).open(kind).status_code == 200


# Answers to forms.


def test_a_form_post_that_accepts_anything_gets_a_page(person):
    answer = person.ask("POST", "/logout", data={"csrf_token": token_of(person)}, headers={"Accept": "*/*"})
    assert answer.status_code == 303


def test_a_form_post_that_accepts_json_gets_json(person):
    fields = {"csrf_token": token_of(person), "name": "x"}
    answer = person.ask("POST", "/tokens/new", data=fields, headers={"Accept": "application/json"})
    assert answer.status_code == 422
    assert set(answer.json["errors"]) >= {"name", "scopes"}


def test_a_form_with_errors_is_shown_again_with_messages(person):
    person.open("/tokens/new")
    answer = person.press("Create token", name="x")
    assert (answer.status_code, answer.mimetype) == (422, "text/html")
    assert answer.text.count("name must have 3 to 50 characters") == 1
    assert 'value="x"' in answer.text


def test_a_multipart_form_is_read_like_any_other(person):
    data = {"csrf_token": token_of(person)}
    assert person.ask("POST", "/logout", data=data, content_type="multipart/form-data").status_code == 303


def test_json_is_accepted_wherever_a_form_is(person):
    body = {"name": "by json", "scopes": ["profile:read"], "expires_in": 604800, "csrf_token": token_of(person)}
    answer = person.ask("POST", "/tokens/new", json=body, headers={"Accept": "application/json"})
    assert answer.status_code == 201
    assert answer.json["scope"] == "profile:read"
    assert answer.headers["Location"] == f"/tokens/{answer.json['id']}"


def token_of(person):
    return person.ask("GET", "/login", headers={"Accept": "application/json"}).json["csrf_token"]
