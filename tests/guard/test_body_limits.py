"""``@require(max_body=…)``: the server reads a longer body only for callers whom the view would let in."""

from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from flask import Blueprint, Response, request

from tests.web.asgi_scope import scope
from tests.web.test_asgi import call
from webapp import testing
from webapp.guard import guard_blueprint, public, require
from webapp.guard.body_limits import BodyLimits
from webapp.testing import as_nobody, as_user, clock, with_token
from webapp.web.asgi import AsgiGateway

GENERAL, MAX = 64 * 1024, 1_000_000


def size() -> str:
    return str(len(request.get_data()))


def blueprint():
    box = Blueprint("box", __name__)
    rules = {
        "plain": require(),
        "upload": require(max_body=MAX),
        "scope": require(max_body=MAX, scope="box:write"),
        "admins": require(max_body=MAX, role="admin"),
        "fresh": require(max_body=MAX, fresh_within=timedelta(minutes=10)),
        "small": require(max_body=100),
        "open": public,
    }
    for name, rule in rules.items():
        box.add_url_rule(f"/{name}", name, rule(size), methods=["GET", "POST"])
    inner = Blueprint("inner", __name__)
    guard_blueprint(inner, require(max_body=MAX))
    inner.add_url_rule("/inner", "upload", size, methods=["POST"])
    box.register_blueprint(inner)
    return box


@pytest.fixture(scope="module", params=["", "/below"])
def site(request):
    url = f"http://localhost:8000{request.param}"
    with testing.app(blueprint(), WEBAPP_BASE_URL=url, WEBAPP_TOKEN_LOCATIONS="header,cookie") as site:
        # Longer ago than the login of a fresh one.
        with clock(datetime.now(UTC) - timedelta(hours=1)):
            site.callers = {
                "nobody": as_nobody(site),
                "session": as_user(site, "ada"),
                "token": with_token(site, of="ada"),
                "bad token": with_token(site, of="ada"),
            }
        site.callers["bad token"].sends = {"Authorization": "Bearer nonsense"}
        yield site


# The limit for: nobody, a session, a token, a bad token.
TABLE = {
    "/plain": (GENERAL, GENERAL, GENERAL, GENERAL),
    "/upload": (GENERAL, MAX, MAX, GENERAL),
    "/inner": (GENERAL, MAX, MAX, GENERAL),
    "/scope": (GENERAL, MAX, GENERAL, GENERAL),
    "/admins": (GENERAL, GENERAL, GENERAL, GENERAL),
    # The guard reads the form before a step-up.
    "/fresh": (GENERAL, MAX, MAX, GENERAL),
    "/small": (GENERAL, GENERAL, GENERAL, GENERAL),
    "/open": (GENERAL, GENERAL, GENERAL, GENERAL),
    "/nowhere": (GENERAL, GENERAL, GENERAL, GENERAL),
}


@pytest.mark.parametrize("path", TABLE)
def test_the_limit_is_that_of_the_view_for_whom_it_lets_in(site, path, monkeypatch):
    limits = BodyLimits(site, general=GENERAL, base_path=site.config["BASE_PATH"])
    assert limits.largest == MAX
    monkeypatch.setattr(site, "wsgi_app", lambda environ, start: Response(str(limits(environ)))(environ, start))
    found = [caller.post(path, headers={"X-CSRF-Token": ""}).text for caller in site.callers.values()]
    assert tuple(map(int, found)) == TABLE[path]


@pytest.mark.parametrize(
    ("who", "path", "length", "status"),
    [
        ("token", "/upload", MAX, 200),
        ("token", "/upload", MAX + 1, 413),
        ("token", "/plain", GENERAL, 200),
        ("token", "/plain", GENERAL + 1, 413),
        ("token", "/small", 100, 200),
        ("token", "/small", 101, 413),
        ("token", "/scope", MAX, 403),
        ("nobody", "/upload", MAX, 401),
        ("bad token", "/upload", MAX, 401),
    ],
)
@pytest.mark.parametrize("framing", ["content-length", "transfer-encoding"])
def test_the_server_reads_no_more_than_that(site, who, path, length, status, framing):
    limits = BodyLimits(site, general=GENERAL, base_path=site.config["BASE_PATH"])
    parts = [b"x" * min(50_000, length - start) for start in range(0, length, 50_000)]
    target = AsgiGateway(
        site.wsgi_app,
        threads=2,
        body_limit=GENERAL,
        body_timeout=timedelta(seconds=20),
        limit_of=limits,
    )
    headers = {"authorization": site.callers[who].sends.get("Authorization", ""), "accept": "*/*"}
    headers |= {framing: str(length) if framing == "content-length" else "chunked"}
    sent = [(name.encode(), value.encode()) for name, value in headers.items() if value]
    answer = call(target, scope("POST", (site.config["BASE_PATH"] + path).encode(), *sent), *parts)
    assert answer[0] == status
    if status == 200:
        assert answer[2] == str(length).encode()


def test_a_longer_body_is_read_into_a_file_that_is_closed(site):
    seen = []

    def application(environ, start_response):
        seen.append(environ["wsgi.input"])
        body = environ["wsgi.input"].read()
        return Response(str(len(body)))(environ, start_response)

    target = AsgiGateway(
        application, threads=1, body_limit=10, body_timeout=timedelta(seconds=5), limit_of=lambda environ: 1000
    )
    assert call(target, scope("POST", b"/", (b"content-length", b"500")), b"x" * 500)[2] == b"500"
    assert seen[0].closed
    assert not isinstance(seen[0], BytesIO)


@pytest.mark.parametrize("length", ["9" * 5000, "-1", "", "1e9", "\u0663"])
def test_a_length_that_is_none_is_no_reason_to_read_more(length):
    target = AsgiGateway(
        lambda environ, start: Response("in")(environ, start),
        threads=1,
        body_limit=10,
        body_timeout=timedelta(seconds=5),
        limit_of=lambda environ: 10,
    )
    assert call(target, scope("POST", b"/", (b"content-length", length.encode())), b"x" * 5) is not None
