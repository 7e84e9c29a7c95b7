"""Random requests to every route: never a 500, and a refused request changes nothing."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import example_counts, factories
from tests.browser import Person
from tests.script import Script
from tests.tables import contents
from webapp.guard.routes import routes

METHODS = st.sampled_from(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "FROB"])
NAMES = st.sampled_from(
    [
        "username",
        "email",
        "password",
        "name",
        "scopes",
        "scope",
        "expires_in",
        "expires_on",
        "once",
        "next",
        "remember",
        "csrf_token",
        "x",
    ]
)
TEXTS = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        ["ada", factories.PASSWORD, "profile:read", "604800", "9999-12-31", "\0", "\ud800", "//evil", "", "-1"]
    ),
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=3)),
    max_leaves=6,
)
OBJECTS = st.dictionaries(NAMES, VALUES, max_size=6)
JSON = st.one_of(OBJECTS, VALUES).map(lambda value: json.dumps(value).encode())
FORMS = st.lists(st.tuples(NAMES, st.text(st.characters(codec="utf-8"), max_size=20)), max_size=6)
KINDS = st.sampled_from(
    [
        *("application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"),
        *("text/plain", "", "application/problem+json", "é"),
    ]
)
BODIES = st.one_of(
    JSON, FORMS.map(lambda fields: "&".join(f"{n}={v}" for n, v in fields).encode()), st.binary(max_size=60)
)
SEGMENTS = st.one_of(
    st.sampled_from(
        ["5f6c1c52-3b1b-4f0e-9d3a-0a54b0a6f111", "new", "x", "..", "%00", "%2F", "%ff", "{{7*7}}", "1/x.css"]
    ),
    st.text(st.characters(codec="utf-8", exclude_characters="/?#"), min_size=1, max_size=12),
)
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "Accept": st.sampled_from(["text/html", "*/*", "application/json", "text/html;q=x", ""]),
        "Origin": st.sampled_from(["null", "http://[", "https://evil.example"]),
        "Sec-Fetch-Site": st.sampled_from(["same-origin", "cross-site", "?"]),
        "Authorization": st.sampled_from(
            ["Bearer", "Bearer x.y.z", "Basic x", "Basic YTpi", "bearer {token}", "Digest x"]
        ),
        "Host": st.sampled_from(["evil.example", "a" * 300, "[", "x y"]),
        "Range": st.just("bytes=0-"),
        "X-CSRF-Token": st.sampled_from(["{csrf}", "{csrf}", "{csrf}", "x"]),
        "Cookie": st.sampled_from(["session=x", "known=x; session=a.b.c", "=;;,", "session=" + "x" * 5000]),
    },
)
# Each example is a request, and some of them a login.
FEW = settings(max_examples=example_counts.times(25))

pytestmark = pytest.mark.slow


@pytest.fixture
def site(make_app):
    return make_app(WEBAPP_LOGIN_TRIES_PER_NETWORK="100000")


@pytest.fixture
def requests(site):
    """Somebody at a browser, what their forms carry, and their token."""
    ada = factories.user(site, "ada")
    person = Person(site)
    person.log_in("ada")
    csrf = person.ask("GET", "/login", headers={"Accept": "application/json"}).json["csrf_token"]
    return person, csrf, factories.api_token(site, ada).token


@FEW
@given(
    data=st.data(),
    method=METHODS,
    body=BODIES,
    kind=KINDS,
    headers=HEADERS,
    query=st.one_of(st.just(""), FORMS.map(lambda fields: "&".join(f"{n}={v}" for n, v in fields))),
)
def test_no_input_causes_a_server_error(site, requests, data, method, body, kind, headers, query):
    person, csrf, token = requests
    path = data.draw(st.sampled_from([route.path for route in routes(site)]))
    while "<" in path:
        before, _, rest = path.partition("<")
        path = before + data.draw(SEGMENTS) + rest.partition(">")[2]
    sent = {name: value.replace("{csrf}", csrf).replace("{token}", token) for name, value in headers.items()}
    tables = contents(site)
    answer = person.ask(method, path, data=body, content_type=kind, headers=sent, query_string=query)
    assert answer.status_code < 500, (answer.status_code, path)
    if answer.status_code >= 400 or method in ("GET", "HEAD", "OPTIONS"):
        assert contents(site) == tables
    if answer.status_code >= 400 and method != "HEAD":
        assert answer.mimetype in ("text/html", "application/problem+json")
    if "Set-Cookie" not in answer.headers or contents(site) == tables:
        return
    # Somebody was logged out, or in anew.
    person.client.delete_cookie("session")
    person.log_in("ada")


@FEW
@given(body=OBJECTS)
def test_no_json_object_causes_a_server_error_at_the_script_login(site, body):
    answer = Script(site).post("/api/auth", data=json.dumps(body), content_type="application/json")
    assert answer.status_code in (400, 401)


@FEW
@given(
    token=st.one_of(
        st.text(st.characters(codec="latin-1", exclude_characters="\r\n"), max_size=80),
        st.lists(st.text("ABCabc012-_=.+/", max_size=20), max_size=5).map(".".join),
    )
)
def test_no_text_causes_an_error_in_the_token_parser(site, token):
    answer = Script(site).get("/protected", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json["code"]) == (401, "token_invalid")
