"""Forms that cannot be parsed, or only at great cost: each is the caller's mistake."""

import pytest

from tests.factories import PASSWORD
from tests.script import Script
from webapp.web.form_body import LONGEST_BOUNDARY, MAX_FIELDS, parse_urlencoded

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
MULTIPART = "multipart/form-data; boundary=x"
PATHS = ["/login", "/api/auth", "/password-strength"]


def part(*headers: bytes) -> bytes:
    return b"--x\r\n" + b"".join(header + b"\r\n" for header in headers) + b"\r\nvalue\r\n--x--\r\n"


NAMED = b'Content-Disposition: form-data; name="username"'
BODIES = [
    pytest.param(MULTIPART, part(b"Content-Disposition: form-data"), id="no name"),
    pytest.param(MULTIPART, part(b'Content-Disposition: form-data; name=""'), id="an empty name"),
    pytest.param(MULTIPART, part(NAMED + b'; name="other"'), id="two names"),
    pytest.param(MULTIPART, part(NAMED, NAMED), id="two dispositions"),
    pytest.param(MULTIPART, part(b"Content-Type: text/plain"), id="no disposition"),
    pytest.param(MULTIPART, part(b"Content-Disposition: attachment"), id="another disposition"),
    pytest.param(MULTIPART, part(b"no header"), id="a header without a colon"),
    pytest.param(MULTIPART, part(b'Content-Disposition: form-data; filename="a"'), id="a file without a name"),
    pytest.param(MULTIPART, part(b'Content-Disposition: form-data; name="\xff"'), id="a name that is not UTF-8"),
    pytest.param(MULTIPART, part(b"Content-Disposition: form-data; name*=utf-8''%ff"), id="an encoded broken name"),
    pytest.param(MULTIPART, part(b"Content-Disposition: form-data; name*=nonsense''a"), id="an unknown name charset"),
    pytest.param(MULTIPART, part(NAMED, b"Content-Type: text/plain; charset=utf-7"), id="UTF-7"),
    pytest.param(MULTIPART, part(NAMED, b"Content-Type: text/plain; charset=nonsense"), id="an unknown charset"),
    pytest.param(MULTIPART, part(NAMED, b"Content-Type: multipart/mixed; boundary=x"), id="a form in a form"),
    pytest.param("multipart/form-data; boundary=y", part(NAMED), id="another boundary"),
    pytest.param("multipart/form-data", part(NAMED), id="no boundary"),
    pytest.param("multipart/form-data; boundary=", part(NAMED), id="an empty boundary"),
    pytest.param('multipart/form-data; boundary="\xff"', part(NAMED), id="a boundary that is not ASCII"),
    pytest.param(MULTIPART, b"", id="an empty multipart form"),
    pytest.param(FORM + "; charset=utf-7", b"username=+AGE-", id="a form in UTF-7"),
    pytest.param(FORM + "; charset=nonsense", b"username=ada", id="a form in an unknown charset"),
    pytest.param(FORM, b"\xff=\xff", id="a form of bytes"),
    pytest.param(";;;=", b"username=ada", id="no content type"),
    pytest.param("multipart/", part(NAMED), id="half a content type"),
]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(("content_type", "body"), BODIES)
def test_a_malformed_form_causes_no_server_error(app, path, content_type, body):
    answer = Script(app).call("POST", path, data=body, headers={"Content-Type": content_type})
    assert 400 <= answer.status_code < 500


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        pytest.param(MULTIPART, part(b"Content-Disposition: form-data"), 400, id="no name"),
        pytest.param("multipart/form-data; boundary=" + "-" * (LONGEST_BOUNDARY + 1), b"--", 400, id="a long boundary"),
        pytest.param(MULTIPART, part(NAMED + b';a="b"' * 9000), 400, id="a long part header"),
        pytest.param(MULTIPART, part(NAMED + (b';a="b"' * 99 + b"--x") * 90), 400, id="boundaries in a part header"),
        pytest.param(MULTIPART, part(NAMED, *[b"A: b"] * 9000), 400, id="many part headers"),
        pytest.param(MULTIPART, part(NAMED + b";a=b" * 9), 400, id="many parameters"),
        pytest.param(FORM, b"a=" + b"%ff" * 20_000, 400, id="no UTF-8"),
        pytest.param(FORM, b"a=" + b"%" * 60_000, 400, id="stray percent signs"),
        pytest.param(JSON, b'{"a": [%s""]}' % (b'"",' * MAX_FIELDS), 413, id="many entries"),
        pytest.param(JSON, b'{"a": 1%s}' % b"".join(b',"%d":1' % n for n in range(MAX_FIELDS)), 413, id="many members"),
        pytest.param(JSON, b'{"a": [%s{}]}' % (b"{}," * MAX_FIELDS), 413, id="many objects"),
        pytest.param(FORM, b"&".join([b"a=1"] * (MAX_FIELDS + 1)), 413, id="many fields"),
    ],
)
def test_a_form_that_is_costly_to_parse_is_refused_unparsed(app, path, content_type, body, status):
    headers = {"Content-Type": content_type}
    assert Script(app).call("POST", path, data=body, headers=headers).status_code == status


@pytest.mark.parametrize("line", [b"\r\n", b"\n"])
def test_a_multipart_form_with_long_values_is_read(app, user, line):
    values = {b"username": b"ada", b"password": PASSWORD.encode(), b"scope": b"profile:read " * 70}
    heads = [b'--x%sContent-Disposition: form-data; name="%s"%s' % (line, name, line * 2) for name in values]
    body = b"".join(head + value + line for head, value in zip(heads, values.values(), strict=True)) + b"--x--" + line
    answer = Script(app).call("POST", "/api/auth", data=body, headers={"Content-Type": MULTIPART})
    assert answer.status_code == 200


def test_a_stray_percent_sign_is_kept():
    assert parse_urlencoded(b"a=100%+of+4%zz+and+%").to_dict() == {"a": "100% of 4%zz and %"}
