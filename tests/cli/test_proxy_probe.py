"""doctor --probe: what a running site and its proxy do with a slow request, HTTP/2 and certificates."""

import socket
import threading
from contextlib import contextmanager
from dataclasses import replace

import pytest

from tests.cli.shared_servers import NO_ANSWER
from tests.journeys.nginx import proxying
from tests.ports import free_port
from webapp.cli.health_checks import proxy_probe
from webapp.settings import Settings

SECRET = "aW4gdHJ1dGggaXQgd2FzIG5vdCByYW5kb20gYXQgYWxs"
SETTINGS_FRAME = b"\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x64"


@pytest.mark.xdist_group("proxied_site")
def test_a_proxy_that_buffers_is_told_from_one_that_does_not(proxied_site, tmp_path, monkeypatch):
    buffered, passed_on = free_port(), free_port()
    settings = Settings.from_env(proxied_site.settings)
    blocks = [(port, f"location / {{ proxy_pass {proxied_site.url}; {more} }}") for port, more in
              ((buffered, ""), (passed_on, "proxy_request_buffering off;"))]  # fmt: skip
    with proxying(tmp_path, blocks):
        found = proxy_probe.buffering(settings, "localhost", passed_on, is_tls=True)
        assert (found.level, found.about) == ("warn", "proxy")
        untrusted = next(iter(proxy_probe.certificate("localhost", buffered)))
        assert (untrusted.level, "self-signed" in untrusted.message) == ("bad", True)
        with monkeypatch.context() as patched:
            patched.setattr(proxy_probe, "SLACK", NO_ANSWER)
            found = proxy_probe.buffering(settings, "localhost", buffered, is_tls=True)
            assert (found.level, found.about) == ("ok", "proxy")
    # Without a proxy the server sees the slow client itself.
    found = {finding.about: finding.level for finding in proxy_probe.findings(unproxied(settings, proxied_site))}
    assert found == {"HTTP/2": "ok", "proxy": "warn"}


def unproxied(settings, server):
    return replace(settings, base_url=server.url)


@contextmanager
def answering(reply):
    """A server that sends these bytes to whoever connects."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer():
            connection, _ = listener.accept()
            with connection:
                connection.recv(1024)
                connection.sendall(reply)

        thread = threading.Thread(target=answer)
        thread.start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        thread.join(10)


@pytest.mark.parametrize(
    ("reply", "level"),
    [
        pytest.param(SETTINGS_FRAME, "bad", id="a server that speaks HTTP/2 without TLS"),
        pytest.param(b"HTTP/1.1 400 Bad Request\r\n\r\n", "ok", id="a server of HTTP/1.1"),
        pytest.param(b"", "ok", id="a server that closes the connection"),
    ],
)
def test_http2_without_tls_is_bad(reply, level):
    with answering(reply) as bind:
        assert proxy_probe.cleartext_http2(bind).level == level


def test_a_site_that_does_not_run_is_a_warning(tmp_path):
    settings = Settings(secret_key=SECRET, instance=tmp_path, bind=f"127.0.0.1:{free_port()}")
    (finding,) = proxy_probe.findings(settings)
    assert (finding.level, "cannot be reached" in finding.message) == ("warn", True)
    elsewhere = replace(settings, base_url="https://nowhere.invalid")
    assert [finding.level for finding in proxy_probe.findings(elsewhere)] == ["warn"]
