"""The sites of nginx and Caddy in deploy/, run in front of a served site."""

import os
import re
import subprocess
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.cli.shared_servers import NO_ANSWER
from tests.forward_auth.proxy_servers import NEWEST, caddy
from tests.journeys import nginx
from tests.journeys.nginx import PATIENCE, wait_for, write_certificate
from tests.ports import free_port
from webapp.cli.health_checks import proxy_probe
from webapp.settings import Settings

pytestmark = pytest.mark.xdist_group("proxied_site")
DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
HEAD = """
{user} daemon off; pid nginx.pid; error_log error.log; worker_processes 1;
events {{ worker_connections 256; }}
http {{
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  include site.conf;
}}
"""


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(proxy_probe, "SLACK", NO_ANSWER)


def nginx_site(upstream, port):
    """The file as it is, with other ports, and the certificate of the test."""
    site = (DEPLOY / "nginx.conf").read_text()
    site = re.sub(r"(?m)^    listen \[::\].*\n", "", site)
    site = site.replace("listen 80;", f"listen 127.0.0.1:{free_port()};").replace(
        "listen 443", f"listen 127.0.0.1:{port}"
    )
    # With the port, which is not the usual one here.
    site = site.replace("Host $host;", "Host $http_host;")
    site = site.replace("server 127.0.0.1:8000;", f"server {upstream};")
    return re.sub(r"/etc/letsencrypt\S+/(fullchain|privkey).pem", lambda found: CERTIFICATE[found[1]], site)


CLIENT = "127.0.0.2"
CERTIFICATE = {"fullchain": "certificate.pem", "privkey": "key.pem"}


@contextmanager
def running(command, folder, port, **environ):
    log = folder / "error.log"
    home = {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    with log.open("a") as output:
        process = subprocess.Popen(command, cwd=folder, env=os.environ | home | environ, stdout=output, stderr=output)
    try:
        wait_for(port, process, log)
        yield
    finally:
        process.terminate()
        process.wait(PATIENCE)


def check(server):
    """What a proxy at the URL of the site has to do: pass on host, scheme and IP address, and buffer requests."""
    url, before = server.settings["WEBAPP_BASE_URL"], len(server.complained)
    # From another address than the proxy's, which is trusted.
    with httpx.Client(transport=httpx.HTTPTransport(local_address=CLIENT, verify=False)) as client:
        page = client.get(f"{url}/login", headers={"Accept": "text/html", "X-Forwarded-For": "203.0.113.66"})
    assert (page.status_code, "Log in" in page.text) == (200, True)
    # What the client wrote into X-Forwarded-For is not believed.
    server.eventually(lambda: seen_addresses(server.complained[before:]) == {CLIENT})
    assert httpx.get(f"{url}/readyz", verify=False).json() == {"status": "ok"}
    long = httpx.post(f"{url}/api/auth", content=b"x" * 2_000_000, verify=False)
    assert long.status_code == 413
    settings = Settings.from_env(server.settings)
    assert proxy_probe.buffering(settings, "localhost", urlsplit(url).port, is_tls=True).level == "ok"


def seen_addresses(log):
    return set(re.findall(r'"route":"/login","status":200,"ms":[^,]+,"ip_address":"([^"]+)"', log))


def test_nginx_serves_the_site_with_the_file_in_deploy(proxied_site, tmp_path):
    port = urlsplit(proxied_site.settings["WEBAPP_BASE_URL"]).port
    write_certificate(tmp_path)
    (tmp_path / "site.conf").write_text(nginx_site(proxied_site.settings["WEBAPP_BIND"], port))
    user = "user root;" if os.geteuid() == 0 else ""
    (tmp_path / "nginx.conf").write_text(HEAD.format(user=user))
    command = [nginx.program(), "-p", str(tmp_path), "-c", "nginx.conf", "-e", "error.log"]
    checked = subprocess.run([*command, "-t"], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
    with running(command, tmp_path, port):
        check(proxied_site)


def test_caddy_serves_the_site_with_the_file_in_deploy(proxied_site, tmp_path):
    url = proxied_site.settings["WEBAPP_BASE_URL"]
    # For localhost Caddy is an authority of its own; nobody needs to trust it here.
    own = "{\n\tadmin off\n\tauto_https disable_redirects\n\tskip_install_trust\n}\n"
    (tmp_path / "Caddyfile").write_text(own + (DEPLOY / "Caddyfile").read_text())
    command = [caddy(NEWEST), "run", "--config", "Caddyfile", "--adapter", "caddyfile"]
    with running(command, tmp_path, urlsplit(url).port, SITE=url, UPSTREAM=proxied_site.settings["WEBAPP_BIND"]):
        proxied_site.eventually(lambda: has_certificate(url))
        check(proxied_site)


def has_certificate(url):
    """Caddy listens before it has made one."""
    try:
        return httpx.get(url, verify=False).status_code > 0
    except httpx.ConnectError:
        return False
