"""nginx with TLS in front of a served site, and what Chromium needs to find it under the names of its hosts."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PATIENCE = 30
PROXIED = """
proxy_set_header Host $host;
proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
proxy_set_header X-Forwarded-Proto $scheme;
"""
"""As docs/serving.md has them."""
TLS = "ssl_certificate certificate.pem; ssl_certificate_key key.pem;"
CONFIGURATION = """
daemon off; master_process off; pid nginx.pid; error_log error.log;
events {{ worker_connections 256; }}
http {{
  access_log off; port_in_redirect off; client_body_temp_path body; proxy_temp_path proxy;
  fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  {tls} {proxied}
  {servers}
}}
"""


def program() -> str:
    """Debian keeps it out of the search path of ordinary users."""
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if found is None:
        raise FileNotFoundError("nginx is missing. On Debian: apt-get install nginx-light")
    return found


@contextmanager
def proxying(folder: Path, servers: Sequence[tuple[int, str]]) -> Iterator[None]:
    """Serve HTTPS on loopback until the end of the block.

    Args:
        servers: port of each, and what its ``server`` block holds.
    """
    write_certificate(folder)
    blocks = (f"server {{ listen 127.0.0.1:{port} ssl; {inside} }}" for port, inside in servers)
    written = CONFIGURATION.format(tls=TLS, proxied=PROXIED, servers="\n".join(blocks))
    (folder / "nginx.conf").write_text(written)
    arguments = [program(), "-p", str(folder), "-c", "nginx.conf", "-e", "error.log"]
    process = subprocess.Popen(arguments)
    try:
        for port, _ in servers:
            wait_for(port, process, folder / "error.log")
        yield
    finally:
        process.terminate()
        process.wait(PATIENCE)


def wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    begun = time.monotonic()
    while process.poll() is None and time.monotonic() - begun < PATIENCE:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"nginx does not serve:\n{log.read_text()}")


def write_certificate(folder: Path) -> None:
    """One that nobody trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "example.org")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), serial_number=1)
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=9))
    certificate = builder.sign(key, hashes.SHA256())
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "key.pem").write_bytes(private)


def arguments_for(hosts: Mapping[str, int]) -> list[str]:
    """Arguments with which Chromium opens ``https://`` URLs of these hosts at ports of this machine."""
    rules = ", ".join(f"MAP {host}:443 127.0.0.1:{port}" for host, port in hosts.items())
    return [f"--host-resolver-rules={rules}", "--ignore-certificate-errors"]


def curl(url: str, hosts: Mapping[str, int], *arguments: str) -> str:
    """The body of what curl is answered, with the hosts at ports of this machine."""
    places = [f"{host}:443:127.0.0.1:{port}" for host, port in hosts.items()]
    command = ["curl", "-sS", "--insecure", *(word for place in places for word in ("--connect-to", place))]
    told = subprocess.run([*command, *arguments, url], capture_output=True, text=True, timeout=60, check=True)
    return told.stdout
