"""How a token is found in a request, and how one in the query is treated."""

import pytest

from tests import factories
from tests.browser import Person
from tests.guard.example_routes import with_changes
from tests.script import Script
from webapp.web.bearer import PresentedToken, presented

TOKEN = "abc.DEF-123_~+/=="


def shown(app, path="/", method="GET", **headers):
    with app.test_request_context(path, method=method, headers=headers):
        return presented()


@pytest.mark.parametrize(
    ("header", "token"),
    [
        (f"Bearer {TOKEN}", TOKEN),
        (f"bearer    {TOKEN}   ", TOKEN),
        (f"  Bearer {TOKEN}", TOKEN),
        (f"Bearer\t{TOKEN}", TOKEN),
        ("Bearer", None),
        ("Bearer é", None),
        ("Bearer a=b", None),
        ("Bearer a,b", None),
        ("Bearer \x00", None),
    ],
)
def test_a_bearer_header_is_one_token_or_none(app, header, token):
    assert shown(app, Authorization=header) == PresentedToken(token)


@pytest.mark.parametrize("header", ["", " ", "Token abc", "Bearer: abc", "abc", "Negotiate abc"])
def test_another_header_is_not_a_bearer_token(app, header):
    assert shown(app, Authorization=header) is None


def test_a_token_in_the_url_is_refused_by_default(app, user):
    token = factories.api_token(app, user).token
    answer = Script(app).get(f"/protected?token={token}")
    assert answer.json["code"] == "token_missing"


@pytest.fixture
def site(make_app):
    return with_changes(make_app(WEBAPP_TOKEN_IN_QUERY="true"))


@pytest.fixture
def token(site):
    return factories.api_token(site, factories.user(site, "ada")).token


def test_a_token_in_the_url_is_accepted_if_the_setting_allows_it(site, token):
    answer = Script(site).get(f"/protected?token={token}")
    assert answer.json["credential"] == "token"


def test_the_response_to_a_token_in_the_url_is_private(site, token):
    assert "private" in Script(site).get(f"/protected?token={token}").headers["Cache-Control"]
    assert "private" in Script(site).get(f"/.well-known/jwks.json?token={token}").headers["Cache-Control"]
    assert len(Script(site).get(f"/protected?token={token}").headers.getlist("Cache-Control")) == 1


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "HEAD"])
def test_a_token_in_the_url_is_accepted_for_get_only(site, token, method):
    assert Script(site).call(method, f"/change?token={token}").status_code == 401


@pytest.mark.parametrize(
    "query",
    [
        pytest.param("token=nonsense", id="nonsense"),
        pytest.param("token=", id="an empty one"),
        pytest.param("token={token}&token={token}", id="two of them"),
    ],
)
def test_an_invalid_token_in_the_url_is_401_and_the_cookie_is_not_tried(site, token, query):
    person = Person(site)
    person.log_in("ada")
    answer = person.ask("GET", f"/protected?{query.replace('{token}', token)}")
    assert (answer.status_code, answer.json["code"]) == (401, "token_invalid")


def test_a_token_in_the_url_and_another_in_the_header_are_refused(site, token):
    assert Script(site, token).get(f"/protected?token={token}").status_code == 401


def test_a_parameter_whose_name_only_ends_with_token_is_ignored(site):
    person = Person(site)
    factories.user(site, "ada")
    person.log_in("ada")
    assert person.ask("GET", "/protected?csrf_token=x").status_code == 200


def test_a_token_in_the_url_sets_no_cookie(site, token):
    assert "Set-Cookie" not in Person(site).ask("GET", f"/login?token={token}").headers


def test_a_token_in_the_url_is_never_logged(site, token, capfd, logged):
    Script(site).get(f"/protected?token={token}")
    Script(site).get(f"/protected/admin?token={token}")
    Script(site).get(f"/nowhere?token={token}")
    Script(site).get(f"/protected?token={token}x")
    assert logged()
    assert token[-40:] not in "".join((*capfd.readouterr(), logged()))


@pytest.mark.parametrize(
    ("name", "realm"),
    [
        ("Schlüssel", "Schl?ssel"),
        ('The "Site"', "The ?Site?"),
        ("back\\slash", "back?slash"),
        ("Ключница 🗝", "???????? ?"),
        ("two\r\nlines", "two??lines"),
    ],
)
def test_a_site_name_with_any_characters_works_in_the_challenge(make_app, name, realm):
    app = make_app(WEBAPP_SITE_NAME=name)
    for answer in (
        Script(app).get("/protected"),
        Script(app).post("/api/auth", json={"username": "x", "password": "y"}),
    ):
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == f'Bearer realm="{realm}"'
