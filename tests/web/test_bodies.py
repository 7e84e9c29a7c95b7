"""Bodies that do not fit: each gets the right 4xx in words, and nothing is changed."""

import pytest

from tests.browser import Person
from tests.factories import PASSWORD
from tests.script import Script
from tests.tables import contents

POSTS = ["/login", "/logout", "/confirm", "/tokens/new", "/tokens/revoke-all", "/api/auth"]
POSTS += ["/forgot", "/register", "/verify/again", "/password-strength"]
FORM = "application/x-www-form-urlencoded"

NOT_JSON = [
    pytest.param(b"[]", id="an array"),
    pytest.param(b'[{"username": "ada"}]', id="an object in an array"),
    pytest.param(b"5", id="a number"),
    pytest.param(b"null", id="null"),
    pytest.param(b"true", id="true"),
    pytest.param(b'"text"', id="a text"),
    pytest.param(b"", id="nothing"),
    pytest.param(b"{", id="half an object"),
    pytest.param(b"{'username': 'ada'}", id="an object in Python's words"),
    pytest.param(b'{"username": "\xff\xfe"}', id="broken UTF-8"),
    pytest.param('{"username": "ada"}'.encode("utf-16"), id="UTF-16"),
    pytest.param('{"username": "ada"}'.encode("utf-32"), id="UTF-32"),
    pytest.param(b'\xef\xbb\xbf{"username": "ada"}', id="a byte order mark"),
    pytest.param(b'{"username": "a\\u0000da"}', id="NUL in a text"),
    pytest.param(b'{"a\\u0000b": "x"}', id="NUL in a name"),
    pytest.param(b'{"username": "a\x00da"}', id="NUL as a byte"),
    pytest.param(b'{"username": "\\ud800"}', id="half a surrogate pair"),
    pytest.param(b'{"csrf_token": "\\udfff"}', id="the other half"),
    pytest.param(b'{"\\ud800": "x"}', id="half a surrogate pair as a name"),
    pytest.param(b'{"username": "ada", "username": "eve"}', id="a member twice"),
    pytest.param(b'{"username": {"$ne": null}}', id="an object in a member"),
    pytest.param(b'{"x": {"y": {"x": 1, "x": 2}}}', id="a member twice, deeper"),
    pytest.param(b'{"scopes": [["profile:read"]]}', id="an array in an array"),
    pytest.param(b'{"scopes": [1]}', id="numbers in an array"),
    pytest.param(b'{"expires_in": NaN}', id="not a number"),
    pytest.param(b'{"expires_in": Infinity}', id="infinity"),
    pytest.param(b'{"expires_in": -Infinity}', id="infinity below"),
    pytest.param(b'{"expires_in": ' + b"9" * 5000 + b"}", id="a number of 5000 digits"),
    pytest.param(b"[" * 30_000, id="30 000 brackets"),
    pytest.param(b'{"a":' * 10_000 + b"1" + b"}" * 10_000, id="10 000 objects deep"),
    pytest.param(b'{"username": "ada"} {}', id="two objects"),
    pytest.param(b'{"username": "ada",}', id="a comma too many"),
]


@pytest.mark.parametrize("body", NOT_JSON)
def test_json_other_than_a_plain_object_is_400(person, app, body):
    before = contents(app)
    for path in POSTS:
        answer = person.ask("POST", path, data=body, content_type="application/json", headers={"Accept": "*/*"})
        assert (answer.status_code, answer.mimetype) == (400, "application/problem+json"), path
        assert answer.json["detail"]
    assert contents(app) == before


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/login", "username"),
        ("/login", "password"),
        ("/api/auth", "email"),
        ("/api/auth", "password"),
        ("/tokens/new", "name"),
    ],
)
@pytest.mark.parametrize("value", [5, 1.5, True, False, ["ada"], []])
def test_a_text_field_accepts_only_text(person, path, field, value):
    token = person.ask("GET", "/login", headers={"Accept": "application/json"}).json["csrf_token"]
    known = {"csrf_token": token} | ({} if path == "/tokens/new" else {"username": "ada", "password": "x"})
    fields = ({} if field == "email" else known) | {field: value}
    answer = person.ask("POST", path, json=fields, headers={"Accept": "application/json"})
    assert answer.status_code == 400
    assert field in answer.json["detail"]


@pytest.mark.parametrize("field", ["username", "password", "remember", "next"])
def test_a_repeated_parameter_is_400(visitor, field):
    visitor.open("/login")
    body = f"csrf_token={visitor.csrf_token}&username=ada&password=x&{field}=a&{field}=b"
    answer = visitor.ask("POST", "/login", data=body, content_type=FORM)
    assert answer.status_code == 400
    assert f"{field} was sent more than once." in answer.text


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "application/xml",
        "text/xml",
        "application/octet-stream",
        "application/jsonp",
        "image/png",
        "x",
        "text/json",
    ],
)
def test_another_content_type_is_415(person, app, kind):
    before = contents(app)
    for path in POSTS:
        assert person.ask("POST", path, data=b'{"username": "ada"}', content_type=kind).status_code == 415, path
    assert contents(app) == before


def test_a_body_without_content_type_is_415(person):
    for path in POSTS:
        assert person.ask("POST", path, data=b'{"username": "ada"}').status_code == 415


@pytest.mark.parametrize("kind", ["application/json", FORM, "multipart/form-data; boundary=x", "text/plain"])
def test_ten_megabytes_are_413(person, app, kind):
    before = contents(app)
    for path in POSTS:
        assert person.ask("POST", path, data=b"x" * 10_000_000, content_type=kind).status_code == 413
    assert contents(app) == before


def test_ten_megabytes_in_one_field_are_413(person):
    assert person.ask("POST", "/login", data={"username": "a" * 10_000_000}).status_code == 413


def test_a_hundred_thousand_small_fields_are_413(person):
    answer = person.ask("POST", "/login", data="&".join(f"a{n}=" for n in range(100_000)), content_type=FORM)
    assert answer.status_code == 413


def test_a_thousand_parts_are_413(person):
    parts = b"".join(b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n' for _ in range(1000)) + b"--x--\r\n"
    answer = person.ask("POST", "/login", data=parts, content_type="multipart/form-data; boundary=x")
    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        pytest.param("multipart/form-data", b"x", id="no boundary"),
        pytest.param("multipart/form-data; boundary=", b"x", id="an empty boundary"),
        pytest.param("multipart/form-data; boundary=é", b"x", id="a boundary that is no ASCII"),
        pytest.param("multipart/form-data; boundary=x", b"--x\r\n", id="an end before the beginning"),
        pytest.param("multipart/form-data; boundary=x", b"\r\n" * 30_000, id="line breaks alone"),
        pytest.param("multipart/form-data; boundary=x", b"--x\r\n\r\n\r\n--x--", id="a part without a name"),
        pytest.param(
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="username"; filename="x"\r\n\r\nx\r\n--x--',
            id="a file where a text belongs",
        ),
        pytest.param(
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="a"\r\nContent-Type: text/plain; charset=utf-7\r\n\r\n+',
            id="a part in UTF-7",
        ),
        pytest.param(FORM, b"%", id="half an escape"),
        pytest.param(FORM, b"username=%ff%fe", id="escaped bytes that are no UTF-8"),
        pytest.param(FORM, b"username=\xff", id="bytes that are no UTF-8"),
        pytest.param(FORM, b"&&&===", id="separators alone"),
        pytest.param(FORM, b"username=a%00b", id="NUL in a form"),
        pytest.param("application/json; charset=nonsense", b"{}", id="JSON of an unknown encoding"),
    ],
)
def test_a_malformed_form_is_a_client_error(person, app, kind, body):
    before = contents(app)
    for path in POSTS:
        assert 400 <= person.ask("POST", path, data=body, content_type=kind).status_code < 500, path
    assert contents(app) == before


def test_a_browser_gets_a_page_when_the_body_is_too_large(app, user):
    person = Person(app)
    answer = person.visit("POST", "/login", data={"username": "a" * 70_000})
    assert (answer.status_code, answer.mimetype) == (413, "text/html")


def test_an_optional_field_can_be_null(app, user):
    body = {"username": None, "email": "ada@example.org", "password": PASSWORD, "scope": None, "expires_in": None}
    assert Script(app).post("/api/auth", json=body).status_code == 200
