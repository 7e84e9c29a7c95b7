"""Fields and parameters that a route does not read are refused, on every route, with the nearest known name."""

from collections.abc import Iterator
from uuid import UUID

import pytest

from tests import factories
from tests.browser import Person
from tests.federation.upstream import FOR_PROVIDERS
from tests.forward_auth.proxy import proxied
from tests.login.scripts import claims, log_in
from tests.oauth.app import FOR_APPS
from tests.script import Script
from webapp.guard.routes import routes
from webapp.web.known_fields import known_names

JSON = {"Accept": "application/json"}
EXAMPLES = {"name": "user", "slug": "throttled", "secret": "x" * 43, "act": "disable"}
NOBODY = str(UUID(int=7))


def url_of(path: str) -> str:
    """A path with its variables filled in."""
    return "/".join(EXAMPLES.get(part.strip("<>"), NOBODY) if "<" in part else part for part in path.split("/"))


def changes(app) -> Iterator[str]:
    others = FOR_APPS | FOR_PROVIDERS
    return (url_of(route.path) for route in routes(app) if "POST" in route.methods and route.path not in others)


@pytest.fixture
def admin(make_app) -> Person:
    app = make_app(WEBAPP_TOKEN_LOCATIONS="header,cookie", WEBAPP_REGISTRATION="open")
    factories.user(app, "root", role="super_admin")
    # Whose routes are only for who decides about it.
    proxied(app, EXAMPLES["slug"])
    person = Person(app)
    person.log_in("root")
    return person


def post(admin, url, **sent):
    """By whoever may: one route takes a token alone."""
    if url.startswith("/api/auth/introspect"):
        return Script(admin.app, log_in(admin.app, "root", scope="tokens:introspect")["access_token"]).post(url, **sent)
    return admin.ask("POST", url, headers=JSON, **sent)


@pytest.mark.parametrize("kind", ["json", "data"])
def test_every_route_that_changes_something_refuses_an_unknown_field(admin, kind):
    token = admin.ask("GET", "/forgot", headers=JSON).json["csrf_token"]
    for url in changes(admin.app):
        answer = post(admin, url, **{kind: {"frobnicate": "1", "csrf_token": token}})
        is_oauth = url.startswith("/api/auth")
        assert answer.status_code == (400 if is_oauth else 422), (url, answer.json)
        assert list(answer.json["errors"]) == ["frobnicate"]
        assert "Unknown field `frobnicate`" in answer.json["detail"]
        assert (answer.json.get("error") == "invalid_request") == is_oauth


def test_every_route_that_changes_something_refuses_a_query_string(admin):
    token = admin.ask("GET", "/forgot", headers=JSON).json["csrf_token"]
    for url in changes(admin.app):
        answer = post(admin, f"{url}?frobnicate=1", json={"csrf_token": token})
        assert (answer.status_code, list(answer.json["errors"])) == (400, ["frobnicate"]), (url, answer.json)


def test_every_route_that_reads_a_query_string_refuses_unknown_and_repeated_parameters(admin):
    found = 0
    for route in routes(admin.app):
        known = known_names(admin.app.view_functions[route.endpoint])
        if "GET" not in route.methods or not known.parameters:
            continue
        found += 1
        answer = admin.ask("GET", url_of(route.path) + "?frobnicate=1", headers=JSON)
        assert (answer.status_code, list(answer.json["errors"])) == (400, ["frobnicate"]), route.path
        for name in known.parameters - known.lists:
            answer = admin.ask("GET", f"{url_of(route.path)}?{name}=1&{name}=2", headers=JSON)
            assert (answer.status_code, list(answer.json["errors"])) == (400, [name]), route.path
    assert found > 15


@pytest.mark.parametrize("path", ["/", "/dashboard", "/public", "/protected", "/forgot", "/tokens/inspect"])
def test_a_page_that_reads_no_query_string_accepts_any(admin, path):
    assert admin.ask("GET", f"{path}?utm_source=mail&utm_source=x").status_code in (200, 303)


@pytest.mark.parametrize(
    ("path", "sent", "nearest"),
    [
        pytest.param("/tokens/new", {"name": "ci", "network": ["10.0.0.0/8"]}, "networks", id="network"),
        pytest.param("/tokens/new", {"name": "ci", "method": ["GET"]}, "methods", id="method"),
        pytest.param("/api/auth", {"username": "root", "passwort": "x"}, "password", id="passwort"),
        pytest.param("/api/auth/refresh", {"refreshtoken": "x"}, "refresh_token", id="refreshtoken"),
        pytest.param("/login", {"user_name": "root"}, "username", id="user_name"),
        pytest.param("/account", {"timezone": "UTC"}, "time_zone", id="timezone"),
    ],
)
def test_the_nearest_known_field_is_suggested(admin, path, sent, nearest):
    token = admin.ask("GET", "/forgot", headers=JSON).json["csrf_token"]
    answer = admin.ask("POST", path, json=sent | {"csrf_token": token}, headers=JSON)
    ((name, messages),) = answer.json["errors"].items()
    assert messages == [f"Unknown field `{name}`. Did you mean `{nearest}`?"]


def test_the_nearest_known_parameter_is_suggested(admin):
    answer = admin.ask("GET", "/tokens?stat=unused", headers=JSON)
    assert answer.json["errors"] == {"stat": ["Unknown parameter `stat`. Did you mean `state`?"]}


@pytest.mark.parametrize("name", ["lkr_" + "x" * 43, "correct horse battery staple", "x" * 5000, "ä", "\u202e", ""])
def test_a_name_that_may_be_a_secret_is_not_repeated(admin, name):
    answer = Script(admin.app).post("/api/auth/revoke", json={name: "1"})
    assert (answer.status_code, list(answer.json["errors"])) == (400, ["…"])
    assert name == "" or name not in answer.text


def test_a_thousand_unknown_names_are_refused_at_once(admin):
    answer = Script(admin.app).post("/api/auth", json={f"field{number}": "1" for number in range(999)})
    assert (answer.status_code, len(answer.json["errors"])) == (400, 5)


SPELLINGS = [
    pytest.param({"scope": "profile:read protected:read"}, id="a text"),
    pytest.param({"scope": ["profile:read", "protected:read"]}, id="a list"),
    pytest.param({"scopes": "profile:read protected:read"}, id="a text by the other name"),
    pytest.param({"scopes": ["profile:read", "protected:read"]}, id="a list by the other name"),
    pytest.param({"scope": "protected:read profile:read", "scopes": ["profile:read", "protected:read"]}, id="both"),
    pytest.param({"scope": "profile:read protected:read", "scopes": []}, id="one of them empty"),
]


@pytest.mark.parametrize("sent", SPELLINGS)
def test_scope_and_scopes_have_the_same_meaning(app, user, person, sent):
    assert log_in(app, **sent)["scope"] == "profile:read protected:read"
    first = log_in(app, scope="profile:read protected:read tokens:read")
    narrower = Script(app).post("/api/auth/refresh", json={"refresh_token": first["refresh_token"]} | sent)
    assert claims(narrower.json["access_token"])["scope"] == "profile:read protected:read"
    token = person.ask("GET", "/forgot", headers=JSON).json["csrf_token"]
    made = person.ask("POST", "/tokens/new", json={"name": "laptop", "csrf_token": token} | sent, headers=JSON)
    assert (made.status_code, made.json["scope"]) == (201, "profile:read protected:read")
    url = f"/tokens/{made.json['id']}/edit"
    edited = person.ask("POST", url, json={"name": "desk", "csrf_token": token} | sent, headers=JSON)
    assert (edited.status_code, edited.json["scopes"]) == (200, ["profile:read", "protected:read"])


def test_scope_and_scopes_with_different_values_are_refused(app, user, person):
    sent = {"scope": "profile:read", "scopes": ["protected:read"]}
    answer = Script(app).post("/api/auth", json={"username": "ada", "password": factories.PASSWORD} | sent)
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")
    assert answer.json["errors"] == {"scopes": ["`scope` and `scopes` are the same field. Send one of them."]}
    token = person.ask("GET", "/forgot", headers=JSON).json["csrf_token"]
    made = person.ask("POST", "/tokens/new", json={"name": "laptop", "csrf_token": token} | sent, headers=JSON)
    assert (made.status_code, list(made.json["errors"])) == (422, ["scope"])


def test_a_browser_sees_the_message_on_a_page(person):
    person.open("/account")
    token = person.ask("GET", "/forgot", headers=JSON).json["csrf_token"]
    answer = person.ask("POST", "/account", data={"displayname": "Ada", "csrf_token": token})
    assert answer.status_code == 422
    assert "Did you mean <code>display_name</code>?" in answer.text


def test_fields_of_a_plug_in_are_not_checked(app, person):
    """Only what a view of a plug-in declares by ``@responds`` is checked."""

    def view() -> str:
        return "read"

    names = known_names(view)
    assert (names.fields, names.parameters) == (None, None)
