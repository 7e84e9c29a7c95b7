"""The WSGI environment of a request that came by ASGI."""

import pytest

from tests.web.asgi_scope import CHUNKED, LENGTH_5, scope
from webapp.web.wsgi_environ import environ_of, has_body


def test_every_byte_of_a_path_and_of_a_header_value_is_passed_on():
    environ = environ_of(scope("GET", b"/a%2fb%ff%C3%A4", (b"x-name", b"\xc3\xa4\xff")))
    assert environ["PATH_INFO"] == "/a/b\xff\xc3\xa4"
    assert environ["HTTP_X_NAME"] == "\xc3\xa4\xff"


def test_a_repeated_header_is_passed_on_twice():
    twice = [(b"authorization", b"Bearer a"), (b"authorization", b"Bearer b"), (b"cookie", b"a=1"), (b"cookie", b"b=2")]
    environ = environ_of(scope("GET", b"/", *twice))
    assert (environ["HTTP_AUTHORIZATION"], environ["HTTP_COOKIE"]) == ("Bearer a,Bearer b", "a=1; b=2")


@pytest.mark.parametrize("name", [b"x_forwarded_for", b"remote_user", b"content_length"])
def test_a_header_with_an_underscore_is_not_the_one_with_a_dash(name):
    environ = environ_of(scope("GET", b"/", (name, b"203.0.113.1")))
    assert "203.0.113.1" not in environ.values()


@pytest.mark.parametrize(
    ("headers", "has"),
    [
        ([], False),
        ([(b"content-length", b"0")], False),
        ([LENGTH_5], True),
        ([CHUNKED], True),
        ([(b"transfer-encoding", b"gzip, chunked"), LENGTH_5], False),
    ],
)
def test_a_body_is_expected_by_its_length_or_its_encoding(headers, has):
    assert has_body(environ_of(scope("POST", b"/", *headers))) is has
