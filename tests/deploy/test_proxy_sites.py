"""The sites of nginx and Caddy in deploy/, run in front of a served site."""

import os
import re
import subprocess
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.cli.serving import serving, start
from tests.forward_auth.proxy_servers import NEWEST, caddy
from tests.journeys import nginx
from tests.journeys.nginx import PATIENCE, wait_for, write_certificate
from tests.ports import free_port
from webapp.cli.health_checks import proxy_probe
from webapp.settings import Settings

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


def check(url, settings, port, *, is_tls):
    """What a proxy has to do: pass on host, scheme and IP address, and buffer requests."""
    # From another address than the proxy's, which is trusted.
    with httpx.Client(transport=httpx.HTTPTransport(local_address=CLIENT, verify=False)) as client:
        page = client.get(f"{url}/login", headers={"Accept": "text/html", "X-Forwarded-For": "203.0.113.66"})
    assert (page.status_code, "Log in" in page.text) == (200, True)
    assert httpx.get(f"{url}/readyz", verify=False).json() == {"status": "ok"}
    long = httpx.post(f"{url}/api/auth", content=b"x" * 2_000_000, verify=False)
    assert long.status_code == 413
    assert proxy_probe.buffering(settings, "localhost", port, is_tls=is_tls).level == "ok"


def seen_addresses(server):
    return set(re.findall(r'"route":"/login","status":200,"ms":[^,]+,"ip_address":"([^"]+)"', server.complained))


def test_nginx_serves_the_site_with_the_file_in_deploy(instance, tmp_path):
    port = free_port()
    settings = {"WEBAPP_BASE_URL": f"https://localhost:{port}", "WEBAPP_TRUSTED_PROXIES": "127.0.0.1"}
    own = start(instance, WEBAPP_BODY_TIMEOUT="1s", WEBAPP_ACCESS_LOG="true", **settings)
    own.url = f"http://{own.settings['WEBAPP_BIND']}"
    with serving(own) as (server,):
        write_certificate(tmp_path)
        (tmp_path / "site.conf").write_text(nginx_site(server.settings["WEBAPP_BIND"], port))
        user = "user root;" if os.geteuid() == 0 else ""
        (tmp_path / "nginx.conf").write_text(HEAD.format(user=user))
        command = [nginx.program(), "-p", str(tmp_path), "-c", "nginx.conf", "-e", "error.log"]
        checked = subprocess.run([*command, "-t"], capture_output=True, text=True)
        assert checked.returncode == 0, checked.stderr
        with running(command, tmp_path, port):
            check(f"https://localhost:{port}", Settings.from_env(server.settings), port, is_tls=True)
        server.stop()
    # What the client wrote into X-Forwarded-For is not believed.
    assert seen_addresses(own) == {CLIENT}


def test_caddy_serves_the_site_with_the_file_in_deploy(instance, tmp_path):
    port = free_port()
    settings = {"WEBAPP_BASE_URL": f"http://localhost:{port}", "WEBAPP_TRUSTED_PROXIES": "127.0.0.1"}
    own = start(instance, WEBAPP_BODY_TIMEOUT="1s", WEBAPP_ACCESS_LOG="true", **settings)
    own.url = f"http://{own.settings['WEBAPP_BIND']}"
    with serving(own) as (server,):
        # Without a certificate: Caddy would ask an authority for one.
        (tmp_path / "Caddyfile").write_text("{\n\tadmin off\n}\n" + (DEPLOY / "Caddyfile").read_text())
        command = [caddy(NEWEST), "run", "--config", "Caddyfile", "--adapter", "caddyfile"]
        environ = {"SITE": f"http://localhost:{port}", "UPSTREAM": server.settings["WEBAPP_BIND"]}
        with running(command, tmp_path, port, **environ):
            check(f"http://localhost:{port}", Settings.from_env(server.settings), port, is_tls=False)
        server.stop()
    assert seen_addresses(own) == {CLIENT}
