"""The before_request hook: OPTIONS, routes for scripts only, and recent authentication."""

from datetime import timedelta

import pytest
import time_machine
from flask import session

from tests import factories, restored_site
from tests.browser import Person, form_with, values_of
from tests.guard.example_routes import HTML, add, plain, with_changes
from tests.restored_site import copied_browser
from tests.script import Script
from webapp.guard import public, require
from webapp.guard.login_manager import Authenticators
from webapp.guard.require import public_to_scripts
from webapp.web.registry import services_of


def ada_with_token(app):
    return factories.api_token(app, factories.user(app, "ada")).token


def logged_in(app):
    person = Person(app)
    person.log_in("ada")
    return person


restored, site = restored_site.fixtures(ada_with_token, routes=with_changes)


def explode():
    raise AssertionError("the view ran")


@pytest.mark.parametrize("wear", [public, public_to_scripts, require(scope="protected:read")])
def test_options_never_runs_a_view(app, script, wear):
    add(app, "/bomb", wear(explode), methods=["GET", "OPTIONS"], provide_automatic_options=False)
    answer = script.call("OPTIONS", "/bomb")
    assert answer.status_code == 200
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


@pytest.mark.parametrize(
    "path", ["/protected", "/protected/admin", "/dashboard", "/tokens/new", "/login", "/api/auth", "/public"]
)
@pytest.mark.parametrize("credential", [None, "nonsense", "own"])
def test_options_is_answered_for_everybody(restored, site, path, credential):
    token = restored.begun if credential == "own" else credential
    answer = Script(site, token).call("OPTIONS", path)
    assert (answer.status_code, answer.text) == (200, "")
    assert "OPTIONS" in answer.headers["Allow"]


def test_options_of_an_unknown_url_is_404(app):
    assert Script(app).call("OPTIONS", "/nowhere").status_code == 404


def test_a_preflight_of_another_site_is_allowed_nothing(script):
    headers = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    answer = script.call("OPTIONS", "/protected", headers=headers)
    assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]


def test_head_is_decided_like_get(script):
    assert script.call("HEAD", "/protected").status_code == 200
    assert script.call("HEAD", "/protected/admin").status_code == 403


def test_trace_of_a_view_that_declares_it_is_guarded_too(app):
    add(app, "/bomb", require()(explode), methods=["TRACE"])
    assert Script(app).call("TRACE", "/bomb").status_code == 401


@pytest.mark.parametrize("method", ["LINK", "MERGE", "PURGE"])
def test_an_unknown_method_needs_a_csrf_token_like_a_change(app, user, method):
    add(app, "/odd", require()(plain("changed")), methods=[method])
    person = Person(app)
    person.log_in(user.username)
    assert person.ask(method, "/odd").status_code == 403


def test_a_route_without_cookies_reads_no_session(app, user):
    add(app, "/blind", public_to_scripts(lambda: {"session": dict(session)}))
    person = Person(app)
    person.log_in(user.username)
    assert person.ask("GET", "/blind").json == {"session": {}}


def test_a_route_without_cookies_sets_no_cookie_even_if_the_view_tries(app):
    add(app, "/blind", public_to_scripts(lambda: session.update(x=1) or "tried"))
    assert "Set-Cookie" not in Person(app).ask("GET", "/blind").headers


def test_an_error_in_the_guard_refuses_without_details(app, user):
    """ASVS 16.5.3: an exception inside the guard lets nobody in."""
    add(app, "/bomb", require()(explode))
    services_of(app).replace(Authenticators)(None)
    assert Script(app, "x.y.z").get("/bomb").status_code == 500


# Step-up.


@pytest.fixture
def tired(restored, site):
    """Somebody who logged in eleven minutes ago."""
    with time_machine.travel("2026-11-22T12:00:00Z", tick=False) as clock:
        person = copied_browser(restored.prepare(logged_in))
        clock.shift(timedelta(minutes=10, seconds=1))
        yield person


def post(person, path, **fields):
    """As the person's own page would send it."""
    person.open("/dashboard")
    return person.ask("POST", path, data={"csrf_token": person.csrf_token} | fields)


def send(person):
    """The form that was kept, as its button sends it."""
    form = form_with(person.page.text, "Send form")
    return person.ask("POST", form.get("action"), data=values_of(form))


def test_a_page_that_needs_a_step_up_redirects_to_the_confirmation_and_back(tired):
    answer = tired.ask("GET", "/tokens/new?name=laptop")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/confirm?next=/tokens/new?name%3Dlaptop")
    tired.open("/tokens/new?name=laptop")
    tired.press("Confirm", password=factories.PASSWORD)
    assert tired.page.request.path == "/tokens/new"
    assert 'value="laptop"' in tired.page.text


def test_a_form_that_needs_a_step_up_is_kept_during_the_confirmation(tired):
    filled = {"name": "a/b & c", "scopes": ["profile:read", "tokens:read"], "expires_in": "3600"}
    answer = post(tired, "/tokens/new", **filled)
    assert (answer.status_code, answer.mimetype) == (401, "text/html")
    assert "max_age=600" in answer.headers["WWW-Authenticate"]
    tired.press("Confirm", password="wrong wrong wrong")
    assert tired.page.status_code == 422
    tired.press("Confirm", password=factories.PASSWORD)
    answer = tired.press("Send form")
    assert (answer.status_code, answer.request.path) == (201, "/tokens/new")
    assert "a/b &amp; c" in answer.text
    assert "tokens:read" in answer.text


def test_a_saved_form_has_no_secret(tired):
    answer = post(tired, "/grave", password="hunter2", new_password="hunter3", name="x")
    assert "hunter" not in answer.text
    tired.press("Confirm", password=factories.PASSWORD)
    assert values_of(form_with(tired.page.text, "Send form")).keys() == {"csrf_token", "name"}
    assert send(tired).text == "done"


def test_a_saved_form_keeps_long_values_lines_and_special_characters(tired):
    text = "a\r\nb \"'<&>ü " * 1500
    post(tired, "/grave", note=text)
    tired.press("Confirm", password=factories.PASSWORD)
    kept = values_of(form_with(tired.page.text, "Send form"))["note"]
    assert kept.split() == text.split()
    assert send(tired).text == "done"


def test_a_form_without_fields_is_saved_too(tired):
    post(tired, "/grave")
    tired.press("Confirm", password=factories.PASSWORD)
    assert send(tired).text == "done"


def test_a_form_from_another_site_is_not_saved(tired):
    """Else a stranger's form would wait for its victim's password, and for one click."""
    answer = tired.ask("POST", "/grave", data={"name": "evil"})
    assert (answer.status_code, "evil" in answer.text) == (403, False)


@pytest.mark.parametrize("kept", ["", "x", "{}", "[1]", '[["a"]]', '[["a", 1]]', "[" * 20_000])
def test_a_forged_saved_form_is_ignored(tired, kept):
    tired.open("/confirm?next=/protected")
    assert tired.press("Confirm", password=factories.PASSWORD, form_state=kept).request.path == "/protected"


def test_a_saved_form_is_not_sent_to_another_site(tired):
    post(tired, "/grave", name="x")
    tired.press("Confirm", password=factories.PASSWORD, next="//evil.example/")
    assert "evil.example" not in tired.page.text


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_script_with_a_session_gets_the_step_up_challenge_of_rfc_9470(tired, method):
    answer = tired.ask(method, "/grave", headers={"Accept": "*/*"}, json={} if method == "POST" else None)
    assert (answer.status_code, answer.json["code"]) == (401, "step_up_required")
    assert answer.headers["WWW-Authenticate"] == (
        'Bearer realm="Latchkey", error="insufficient_user_authentication", '
        'error_description="step_up_required", max_age=600'
    )


def test_an_old_token_is_refused_where_a_fresh_login_is_required(app, user):
    with_changes(app)
    with time_machine.travel("2026-11-22T12:00:00Z", tick=False) as clock:
        script = Script(app, factories.api_token(app, user).token)
        assert script.post("/grave").status_code == 200
        clock.shift(timedelta(minutes=11))
        answer = script.post("/grave", headers={"Accept": HTML})
        assert (answer.status_code, answer.json["code"]) == (401, "step_up_required")


def test_using_a_session_does_not_make_it_fresh(tired):
    tired.open("/dashboard")
    assert tired.ask("GET", "/grave").status_code == 303
