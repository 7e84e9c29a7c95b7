"""Flask-Login with sessions and tokens: current_user, its signals, and the private name that is relied on."""

import flask_login
import pytest
import time_machine
from flask import g, jsonify, session
from flask_login import AnonymousUserMixin, current_user, login_user

from tests import factories, restored_site
from tests.browser import Person
from tests.guard.example_routes import add, with_changes
from tests.script import Script
from webapp.guard import public, require
from webapp.sessions.cookie import SECRET


def who():
    return jsonify(
        name=getattr(current_user, "username", None),
        is_authenticated=current_user.is_authenticated,
        is_anonymous=current_user.is_anonymous,
        id=current_user.get_id(),
    )


def with_pages(app):
    add(app, "/who", require(scope="protected:read")(who))
    add(with_changes(app), "/anybody", public(who))


restored, app = restored_site.fixtures(routes=with_pages)


@pytest.fixture
def site(app):
    return app


def signals_of(signal, app, action):
    """What was sent while ``action`` was done."""
    found = []

    def hear(sender, **told):
        found.append(told)

    with signal.connected_to(hear, app):
        action()
    return found


def test_current_user_is_the_caller_by_session_and_by_token(site, person, user):
    script = Script(site, factories.api_token(site, user).token)
    by_session, by_token = person.ask("GET", "/who").json, script.get("/who").json
    assert by_session == by_token
    assert by_session == {"name": "ada", "is_authenticated": True, "is_anonymous": False, "id": str(user.id)}


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer nonsense"}, {"Cookie": "session=nonsense"}])
def test_current_user_is_anonymous_without_a_credential(site, headers):
    answer = Script(site).get("/anybody", headers=headers)
    assert answer.json == {"name": None, "is_authenticated": False, "is_anonymous": True, "id": None}


def test_a_public_page_knows_its_caller(person):
    assert person.ask("GET", "/anybody").json["name"] == "ada"


def test_an_invalid_token_hides_the_cookie_from_a_public_page_too(person):
    assert person.ask("GET", "/anybody", headers={"Authorization": "Bearer x"}).json["name"] is None


def test_a_login_sends_the_signal_of_flask_login(site, user):
    told = signals_of(flask_login.user_logged_in, site, lambda: Person(site).log_in(user.username))
    assert [entry["user"].username for entry in told] == ["ada"]


def test_a_logout_sends_the_signal_of_flask_login(site, person, user):
    person.open("/logout")
    told = signals_of(flask_login.user_logged_out, site, lambda: person.press("Log out"))
    assert [entry["user"].username for entry in told] == ["ada"]


def test_a_session_sends_the_cookie_signal_of_flask_login(site, person, user):
    told = signals_of(flask_login.user_loaded_from_cookie, site, lambda: person.ask("GET", "/who"))
    assert [entry["user"].username for entry in told] == ["ada"]


def test_a_token_sends_the_request_signal_of_flask_login(site, user):
    script = Script(site, factories.api_token(site, user).token)
    told = signals_of(flask_login.user_loaded_from_request, site, lambda: script.get("/who"))
    assert [entry["user"].username for entry in told] == ["ada"]


@pytest.mark.parametrize("token", [None, "{token}"], ids=["an anonymous caller", "a token without the scope"])
def test_a_refusal_sends_the_unauthorized_signal_of_flask_login(site, user, token):
    token = factories.api_token(site, user, "profile:read").token if token else None
    assert len(signals_of(flask_login.user_unauthorized, site, lambda: Script(site, token).get("/who"))) == 1


def test_a_step_up_sends_the_needs_refresh_signal_of_flask_login(site, user):
    with time_machine.travel("2026-11-22T12:00:00Z", tick=False) as clock:
        person = Person(site)
        person.log_in(user.username)
        clock.shift(700)
        assert len(signals_of(flask_login.user_needs_refresh, site, lambda: person.ask("GET", "/grave"))) == 1


def test_flask_login_reads_its_user_where_we_set_it(app, user):
    """``loader.welcome`` and ``current_user`` meet in ``g._login_user``, a private name: this fails when it moves."""
    somebody = AnonymousUserMixin()
    with app.test_request_context("/"):
        g._login_user = somebody
        assert current_user._get_current_object() is somebody
    with app.test_request_context("/"):
        app.login_manager._update_request_context_with_user(somebody)
        assert g._login_user is somebody


def test_flask_login_has_its_id_where_we_keep_the_session_secret(app):
    class Somebody(flask_login.UserMixin):
        id = "7"

    with app.test_request_context("/"):
        login_user(Somebody())
        assert session[SECRET] == "7"


def test_a_remember_cookie_of_flask_login_is_ignored(site, user):
    with site.test_request_context():
        forged = flask_login.encode_cookie(str(user.id))
    person = Person(site)
    person.client.set_cookie("remember_token", forged)
    assert person.ask("GET", "/who", headers={"Accept": "*/*"}).status_code == 401
    assert "remember_token" not in str(person.page.headers.getlist("Set-Cookie"))
