"""A body that comes in chunks is bounded like any other: over the limit it is 413, whatever it says it is."""

import io

import pytest

FORM = "application/x-www-form-urlencoded"
KINDS = [FORM, "multipart/form-data; boundary=x", "application/json", "text/plain", None]


def chunked(person, path, body, kind):
    told = {"wsgi.input": io.BytesIO(body), "wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    headers = {"Accept": "*/*"} | ({"Content-Type": kind} if kind else {})
    return person.client.open(path, method="POST", environ_overrides=told, headers=headers, buffered=True)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("path", ["/login", "/api/auth", "/tokens/new", "/tokens/revoke-all", "/logout"])
def test_a_chunked_body_over_the_limit_is_413(person, path, kind):
    assert chunked(person, path, b"x" * 1_000_000, kind).status_code == 413


def test_a_chunked_body_within_the_limit_is_read_completely(person):
    body = b'{"username": "ada", "password": "wrong one"}'
    assert chunked(person, "/api/auth", body, "application/json").status_code == 401
