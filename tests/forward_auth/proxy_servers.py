"""nginx and Caddy with the configurations that this site prints."""

import os
import subprocess
import sysconfig
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.journeys import nginx
from tests.journeys.nginx import PATIENCE, wait_for
from webapp.forward_auth.proxy_configs import ProxySetup, config_of

NGINX = """
{user} daemon off; pid nginx.pid; error_log error.log; worker_processes 1;
events {{ worker_connections 256; }}
http {{
  access_log off; client_body_temp_path body; proxy_temp_path proxy;
  fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
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
DEBIAN, NEWEST = "caddy 2.6", "caddy 2.11"
KINDS = ("nginx", DEBIAN, NEWEST)


def caddy(kind: str) -> str:
    """Path of Caddy as Debian has it, or of the one from PyPI."""
    return "/usr/bin/caddy" if kind == DEBIAN else str(Path(sysconfig.get_path("scripts")) / "caddy")


@contextmanager
def proxying(folder: Path, kind: str, setups: Sequence[ProxySetup], port: int) -> Iterator[None]:
    """Serve these apps on loopback until the end of the block.

    Args:
        port: one that the proxy listens at.
    """
    log = folder / "error.log"
    if kind == "nginx":
        for setup in setups:
            (folder / f"{setup.slug}.conf").write_text(config_of(setup, "nginx"))
        # Its workers write bodies into the folder, which is root's own where root runs the tests.
        user = "user root;" if os.geteuid() == 0 else ""
        includes = "\n  ".join(f"include {setup.slug}.conf;" for setup in setups)
        (folder / "nginx.conf").write_text(NGINX.format(includes=includes, user=user))
        command = [nginx.program(), "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", "error.log"]
    else:
        parts = [CADDY, *(config_of(setup, "caddy") for setup in setups)]
        (folder / "Caddyfile").write_text("\n".join(parts))
        command = [caddy(kind), "run", "--config", "Caddyfile"]
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
