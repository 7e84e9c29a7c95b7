"""Malformed headers, methods, URLs and hosts get a 4xx, never a 500."""

import pytest

from tests.script import Script


@pytest.mark.parametrize(
    "header",
    [
        "User-Agent",
        "Accept",
        "Accept-Language",
        "Cookie",
        "Authorization",
        "Referer",
        "Origin",
        "X-CSRF-Token",
        "If-None-Match",
        "Range",
        "X-Forwarded-For",
        "Content-Type",
    ],
)
def test_a_header_of_eight_kilobytes_causes_no_server_error(app, header):
    for path in ("/protected", "/login"):
        for method in ("GET", "POST"):
            assert Script(app).call(method, path, headers={header: "x;=," * 2048}).status_code < 500


@pytest.mark.parametrize(
    "accept",
    [
        "text/html;q=x",
        "text/html;q=",
        ";;;,,,",
        "text/html;q=1e999",
        "*",
        "text/html;q=nan",
        "\xff",
        "text/html;" * 800,
    ],
)
def test_a_malformed_accept_header_causes_no_server_error(app, accept):
    assert Script(app).get("/protected", headers={"Accept": accept}).status_code in (303, 401)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "BREW"])
def test_a_wrong_method_is_405_with_the_allowed_methods(person, method):
    for path in ("/login", "/tokens/new", "/logout", "/dashboard", "/api/auth", "/public"):
        answer = person.ask(method, path)
        assert answer.status_code == 405, path
        assert answer.headers["Allow"]
        assert method not in answer.headers["Allow"]


@pytest.mark.parametrize(
    "path",
    [
        "/%00",
        "/%ff",
        "/%ED%A0%80",
        "/" + "a" * 8000,
        "/setup/%00",
        "/setup/" + "x" * 8000,
        "/problems/%2e%2e",
        "/tokens/not-a-uuid",
        "/static/x/../../../webapp/app/rooms.py",
        "/static/x/%2e%2e/%2e%2e/secret_key",
        "/static/1/.txt",
        "/static/1/" + "a" * 300 + ".css",
        "/static/x/%00.css",
    ],
)
def test_an_unknown_url_is_404(person, path):
    answer = person.ask("GET", path)
    assert answer.status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        "first=x",
        "first=-1",
        "first=" + "9" * 5000,
        "state=nonsense",
        "view=%00",
        "view=%ff",
        "view=ended&view=active",
        "first[]=1",
    ],
)
def test_a_malformed_query_causes_no_server_error(person, query):
    assert person.ask("GET", f"/tokens?{query}").status_code in (200, 400)


@pytest.mark.parametrize("host", ["a" * 300, "a..b", "x y", "[::1", ":", "a:b", "a@b", "é", "a/b", "\x01"])
@pytest.mark.parametrize("accept", ["text/html", "*/*"])
def test_a_malformed_host_is_a_client_error(app, host, accept):
    assert Script(app).get("/login", headers={"Host": host, "Accept": accept}).status_code == 400
