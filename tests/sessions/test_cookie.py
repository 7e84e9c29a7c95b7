"""The session cookie: its content, altered cookies, and changes of the key."""

import pytest
from flask import Flask, session
from flask.sessions import SecureCookieSessionInterface

from tests import factories
from tests.browser import Person
from tests.script import Script
from tests.secret_keys import forget_secret_keys
from webapp.core.cookie_key import CookieKey
from webapp.core.db import Database
from webapp.core.key_table import KeyTable
from webapp.sessions import cookie
from webapp.settings import Settings
from webapp.web.registry import services_of

OLD = "Zq3v8LxM2rT7nW0bYc5dKf9hJs1pGuQe"
NEW = "k2Vt9sXw4NzB7mCq1LrD8fHj3PyG6aTe"


def is_in(person):
    return person.ask("GET", "/protected", headers={"Accept": "*/*"}).status_code == 200


def with_cookie(app, value):
    person = Person(app)
    person.client.set_cookie("session", value)
    return person


def signed(app, **content):
    return SecureCookieSessionInterface().get_signing_serializer(app).dumps(content)


def ours(app, **content):
    return cookie.CookieSessionInterface().get_signing_serializer(app).dumps(content)


def test_the_cookie_has_nothing_private_and_no_permissions(app, person):
    with app.test_request_context(headers={"Cookie": f"session={person.cookie}"}):
        assert set(session) <= {"_user_id", "_fresh", "_id", "csrf_token", "_flashes", "_permanent"}
        # What is random spells any short word now and then.
        held = str({name: session.get(name) for name in ("_fresh", "_permanent")})
    assert not any(word in held for word in ("ada", "user", "admin", "203.0.113", "example.org"))


def test_the_session_secret_has_256_bits(app, person):
    with app.test_request_context(headers={"Cookie": f"session={person.cookie}"}):
        assert len(session["_user_id"]) >= 43


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda good: good[:-1], id="a letter less"),
        pytest.param(lambda good: good + "A", id="a letter more"),
        pytest.param(lambda good: good.rpartition(".")[0], id="without its signature"),
        pytest.param(lambda good: "." + good, id="another compression"),
        pytest.param(lambda good: good.swapcase(), id="other letters"),
        pytest.param(lambda good: good * 15, id="far too long"),
        pytest.param(lambda good: "", id="nothing"),
        pytest.param(lambda good: "null", id="null"),
        pytest.param(lambda good: "e30.e30.e30", id="empty objects"),
        pytest.param(lambda good: f'"{good[:-1]}"', id="quotes"),
    ],
)
def test_a_modified_cookie_is_anonymous(app, person, change):
    assert Script(app).get("/protected", headers={"Cookie": f"session={change(person.cookie)}"}).status_code == 401


@pytest.mark.parametrize("secret", ["", "x", 5, None, [], {}, True, "' OR 1=1 --", "\0", "\ud800", ["a"]])
def test_a_signed_cookie_without_a_session_is_anonymous(app, secret):
    assert not is_in(with_cookie(app, ours(app, _user_id=secret)))


def test_a_user_id_in_the_cookie_is_no_session(app, user):
    assert not is_in(with_cookie(app, ours(app, _user_id=str(user.id), _fresh=True)))


def test_a_digest_from_the_table_cannot_be_used_as_the_secret(app, person):
    """A thief of the database cannot log in with what is there, even if they could sign."""
    with app.test_request_context(headers={"Cookie": f"session={person.cookie}"}):
        key = cookie.credential_key(session["_user_id"])
    assert not is_in(with_cookie(app, ours(app, _user_id=key)))


def test_a_cookie_of_another_flask_app_is_ignored(app, person):
    """SHA-1 is Flask's default; ours signs with SHA-256."""
    with app.test_request_context(headers={"Cookie": f"session={person.cookie}"}):
        content = dict(session)
    assert not is_in(with_cookie(app, signed(app, **content)))


def test_two_invalid_cookies_of_one_name_grant_no_access(app, person):
    answer = Script(app).get("/protected", headers={"Cookie": "session=a; session=b"})
    assert answer.status_code == 401


def test_a_cookie_without_a_name_is_ignored(make_app):
    """Werkzeug, CVE-2023-23934."""
    app = make_app(WEBAPP_BASE_URL="https://login.example.org")
    factories.user(app, "ada")
    person = Person(app, base_url="https://login.example.org")
    person.log_in("ada")
    good = person.client.get_cookie("__Host-session", domain="login.example.org").value
    headers = {"Cookie": f"=__Host-session={good}"}
    assert Script(app).get("/protected", headers=headers, base_url="https://login.example.org").status_code == 401


def test_sessions_survive_a_new_secret_key_with_the_old_one_as_fallback(make_app):
    app = make_app()
    factories.user(app, "ada")
    person = Person(app)
    person.log_in("ada")
    old = app.config["SECRET_KEY"]
    assert is_in(with_cookie(make_app(WEBAPP_SECRET_KEY=NEW, WEBAPP_SECRET_KEY_FALLBACKS=old), person.cookie))
    forget_secret_keys(app)
    assert not is_in(with_cookie(make_app(WEBAPP_SECRET_KEY=NEW), person.cookie))


def test_new_sessions_are_signed_with_the_new_key(make_app):
    """Flask, CVE-2025-47278: with the fallback list reversed they were signed with the old one."""
    old = make_app().config["SECRET_KEY"]
    app = make_app(WEBAPP_SECRET_KEY=NEW, WEBAPP_SECRET_KEY_FALLBACKS=old)
    factories.user(app, "ada")
    person = Person(app)
    person.log_in("ada")
    forget_secret_keys(app)
    assert is_in(with_cookie(make_app(WEBAPP_SECRET_KEY=NEW), person.cookie))


def test_after_a_key_renewal_old_cookies_are_void_and_a_new_login_works(make_app, instance):
    """F-17: under a running app, and whatever former keys it was started with."""
    app = make_app(WEBAPP_SECRET_KEY_FALLBACKS=OLD)
    factories.user(app, "ada")
    person = Person(app)
    person.log_in("ada")
    copied, by_former = person.cookie, ours_with(OLD, _user_id="x", csrf_token="y")
    assert is_in(with_cookie(app, copied))
    with app.test_request_context(headers={"Cookie": f"session={by_former}"}):
        assert session
    renew_cookie_key(app)
    assert not is_in(with_cookie(app, copied))
    person.log_in("ada")
    assert is_in(person)
    assert is_in(with_cookie(make_app(WEBAPP_SECRET_KEY_FALLBACKS=OLD), person.cookie))
    with app.test_request_context(headers={"Cookie": f"session={by_former}"}):
        assert not session


def renew_cookie_key(app):
    """As another process does it; this one has its next look at the table."""
    database, settings = services_of(app).get(Database), services_of(app).get(Settings)
    with database.write() as db:
        CookieKey(settings, KeyTable(database, settings)).renew(db)
    app.session_interface._key._table.look_again()


def ours_with(key, **content):
    other = Flask("other")
    other.secret_key = key
    return ours(other, **content)


def test_changes_of_a_session_are_not_visible_to_parallel_requests(app):
    value = ours(app, list=[1])
    for _ in range(2):
        with app.test_request_context(headers={"Cookie": f"session={value}"}):
            assert session["list"] == [1]
            session["list"].append(2)


def test_forged_cookies_are_not_cached(app):
    for number in range(20):
        Script(app).get("/protected", headers={"Cookie": f"session=a.b.{number}"})
    assert not app.session_interface._verified


def test_a_request_that_does_not_use_its_session_sets_no_cookie(app, person):
    person.open("/dashboard")
    assert "Set-Cookie" not in person.ask("GET", "/protected", headers={"Accept": "*/*"}).headers
    assert "Set-Cookie" not in Script(app).get("/public").headers


ALTERED = {
    # Not the last character: its lowest bits belong to no byte, so another one can be the same signature.
    "altered": lambda good: good[:-2] + ("A" if good[-2] != "A" else "B") + good[-1],
    "too long": lambda good: good * 15,
    "nonsense": lambda good: "null",
}
SITES = {
    "http://localhost": ("session", False),
    "https://login.example.org": ("__Host-session", True),
}


def cleared(answer):
    """The cookies that an answer deletes, with their attributes."""
    lines = [line for line in answer.headers.getlist("Set-Cookie") if "Max-Age=0" in line]
    return {line.partition("=")[0]: {part.strip().partition("=")[0] for part in line.split(";")[1:]} for line in lines}


@pytest.mark.parametrize("site", SITES)
@pytest.mark.parametrize("change", ALTERED)
def test_an_altered_cookie_is_deleted_with_the_attributes_it_was_set_with(make_app, site, change):
    name, is_secure = SITES[site]
    app = make_app(WEBAPP_BASE_URL=site)
    factories.user(app, "ada")
    person = Person(app, base_url=site)
    person.log_in("ada")
    good = person.client.get_cookie(name, domain=site.partition("//")[2]).value
    for path, accept in (("/dashboard", "text/html"), ("/protected", "*/*"), ("/nowhere", "text/html")):
        headers = {"Cookie": f"{name}={ALTERED[change](good)}", "Accept": accept}
        found = cleared(Script(app).get(path, headers=headers, base_url=site))
        assert found == {
            name: {"Expires", "Max-Age", "HttpOnly", "Path", "SameSite"} | ({"Secure"} if is_secure else set())
        }


@pytest.mark.parametrize("accept", ["text/html", "*/*"])
def test_the_cookie_of_an_ended_session_is_deleted(app, person, user, accept):
    copied = person.cookie
    person.open("/dashboard")
    person.press("Log out")
    answer = Script(app).get("/protected", headers={"Cookie": f"session={copied}", "Accept": accept})
    assert set(cleared(answer)) == {"session"}


def test_other_content_of_the_cookie_of_an_ended_session_is_kept(app, person):
    with person.client.session_transaction() as content:
        secret = content["_user_id"]
        content["link:password-reset"] = "x"
    person.open("/dashboard")
    person.press("Log out")
    later = with_cookie(app, ours(app, **{"_user_id": secret, "link:password-reset": "x"}))
    later.ask("GET", "/dashboard")
    with later.client.session_transaction() as content:
        assert dict(content) == {"link:password-reset": "x"}


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/public", "/openapi.json", "/.well-known/jwks.json"])
def test_public_responses_delete_no_cookie(app, path):
    assert "Set-Cookie" not in Script(app).get(path, headers={"Cookie": "session=x", "Accept": "*/*"}).headers
