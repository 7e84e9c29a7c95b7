"""The check of a reverse proxy: CPU time of one, and how many two workers answer beside a guarded route.

Run alone: ``python -m tests.bench.forward_auth``. The second figure takes wrk (``apt-get install wrk``).
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from flask import Flask

from tests import factories
from tests.bench.__main__ import bare, caller, compare
from tests.forward_auth.proxy import Proxied, forwarded, proxied
from tests.journeys.server import ServedSite, served
from webapp.app import close, create_app
from webapp.cli import schema
from webapp.forward_auth.app_settings import RuleSettings
from webapp.settings import Settings

BOUND = 2.2
"""Times the CPU time of a bare Flask route."""
LEAST_SHARE = 3_000 / 5_800
"""Of the guarded requests that the same machine answers a second: 3,000 where it answers 5,800."""
CONNECTIONS, SECONDS = 16, 10
RULES = (
    RuleSettings(path="/admin/*", role="admin"),
    RuleSettings(path="/public/*", is_public=True),
    RuleSettings(authorization="basic"),
)
PAGE = "https://wiki.example.org/page/7"


def environ_of(headers: dict[str, str]) -> dict[str, str]:
    return {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}


def ratios(folder: Path) -> dict[str, float]:
    environ = {"WEBAPP_INSTANCE": str(folder / "instance"), "WEBAPP_SECRET_KEY": "k" * 20 + "0123456789ab"}
    environ |= {"WEBAPP_TRUSTED_PROXIES": "192.0.2.1", "WEBAPP_BASE_URL": "https://login.example.org"}
    settings = Settings.from_env(environ)
    schema.upgrade(settings)
    app = create_app(settings)
    token = prepared(app)
    browser = Proxied(app)
    browser.log_in(PAGE)
    cookie = browser.person.client.get_cookie("__Host-latchkey-app", domain="wiki.example.org")
    kinds = {
        "token": {"Authorization": f"Bearer {token}"},
        "cookie": {"Cookie": f"{cookie.key}={cookie.value}"} if cookie else {},
    }
    found = {}
    for kind, headers in kinds.items():
        sent = environ_of(forwarded("GET", PAGE) | headers) | {"REMOTE_ADDR": "192.0.2.1"}
        _seconds, found[kind] = compare(caller(app, "/forward-auth", **sent), caller(bare(), "/"))
    close(app)
    return found


def prepared(app: Flask) -> str:
    """An app behind the login, and a token for it."""
    proxied(app, "wiki", *RULES)
    return factories.api_token(app, factories.user(app, "ada"), "app:wiki", "protected:read").token


def per_second(url: str, headers: dict[str, str]) -> float:
    load = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s"]
    for name, value in headers.items():
        load += ["-H", f"{name}: {value}"]
    said = subprocess.run([*load, url], capture_output=True, text=True, check=True).stdout
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    if rate is None or "Non-2xx" in said or "Socket errors" in said:
        raise SystemExit(said)
    return float(rate[1])


def rates(site: ServedSite) -> tuple[float, float]:
    """Checks a second, and guarded requests a second."""
    app = create_app(Settings.from_env(site.environ))
    token = {"Authorization": f"Bearer {prepared(app)}"}
    close(app)
    checks = per_second(f"{site.url}/forward-auth", forwarded("GET", PAGE) | token)
    return checks, per_second(f"{site.url}/protected", token)


def main() -> int:
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is missing. On Debian: apt-get install wrk")
    with tempfile.TemporaryDirectory() as folder:
        found = ratios(Path(folder))
        for kind, ratio in found.items():
            print(f"a check by {kind}: {ratio:.2f} × a bare Flask route (bound {BOUND})")
    with tempfile.TemporaryDirectory() as folder, served(Path(folder), WEBAPP_TRUSTED_PROXIES="127.0.0.1") as site:
        checks, guarded = rates(site)
    share = checks / guarded
    print(
        f"{checks:,.0f} checks a second by two workers with {CONNECTIONS} connections, {guarded:,.0f} guarded requests"
    )
    print(f"{share:.2f} of the guarded requests (least {LEAST_SHARE:.2f})")
    return 0 if max(found.values()) <= BOUND and share >= LEAST_SHARE else 1


if __name__ == "__main__":
    sys.exit(main())
