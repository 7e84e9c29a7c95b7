"""config_of(): the configuration of nginx, Caddy or Traefik that puts an app behind the login."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from webapp.forward_auth.app_settings import AppSettings
from webapp.forward_auth.host_cookies import login_cookie, state_cookie
from webapp.forward_auth.identity_headers import ASSERTION, EMAIL, GROUPS, NAME, USER
from webapp.settings.paths import ROOT

Proxy = Literal["nginx", "caddy", "traefik"]
FILES: dict[Proxy, str] = {"nginx": "nginx.conf", "caddy": "Caddyfile", "traefik": "traefik.yml"}
HOST_PORT = re.compile(r"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]):[0-9]{1,5}")
"""A host with its port, as it is written in a configuration without quotes."""
DEFAULT_PORTS = {"http": "80", "https": "443"}
IDENTITY = tuple(
    (header, "latchkey_" + header.rpartition("-")[2].lower()) for header in (USER, EMAIL, NAME, GROUPS, ASSERTION)
)
"""Each identity header, with the variable of nginx that holds it."""


class InvalidHostPort(ValueError):
    """It is no host with a port. The message is what was entered."""


@dataclass(frozen=True, slots=True)
class Host:
    text: str
    """As ``ProxiedHost.host`` has it."""
    name: str
    port: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxySetup:
    """Where the proxy finds an app and this site.

    Raises:
        InvalidHostPort
    """

    slug: str
    hosts: Sequence[str]
    passes_authorization: bool
    """Whether ``Authorization`` is the app's own, so that it reaches the app."""
    base_url: str
    """Of this site; apps are served with its scheme."""
    site: str
    """Host and port at which the proxy reaches this site."""
    upstream: str
    """Host and port at which the proxy reaches the app."""
    certificate: str = ""
    """Path of the TLS certificate with its chain; empty for where Debian's certbot stores it, or Caddy's own."""
    certificate_key: str = ""

    def __post_init__(self) -> None:
        for host_port in (self.site, self.upstream):
            if not HOST_PORT.fullmatch(host_port):
                raise InvalidHostPort(host_port)


def setup_of(slug: str, app: AppSettings, *, base_url: str, site: str, upstream: str) -> ProxySetup:
    """The setup of an app as it is stored. ``Authorization`` is its own as soon as one rule says so.

    Raises:
        InvalidHostPort
    """
    return ProxySetup(
        slug=slug,
        hosts=app.hosts,
        passes_authorization=any(rule.authorization == "app" for rule in app.rules),
        base_url=base_url,
        site=site,
        upstream=upstream,
    )


def config_of(setup: ProxySetup, proxy: Proxy) -> str:
    """The configuration as text, for a file of its own."""
    scheme = urlsplit(setup.base_url).scheme
    hosts = [host_of(host, scheme) for host in setup.hosts]
    folder = f"/etc/letsencrypt/live/{hosts[0].name}"
    cookie_names = [login_cookie(scheme), state_cookie(scheme)]
    environment = Environment(  # noqa: S701 -- no HTML
        loader=FileSystemLoader(ROOT / "templates" / "forward_auth"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(FILES[proxy]).render(
        app=setup.slug,
        name=setup.slug.replace("-", "_"),
        hosts=hosts,
        scheme=scheme,
        base_url=setup.base_url,
        site=setup.site,
        upstream=setup.upstream,
        passes_authorization=setup.passes_authorization,
        certificate=setup.certificate or f"{folder}/fullchain.pem",
        certificate_key=setup.certificate_key or f"{folder}/privkey.pem",
        certificate_is_given=bool(setup.certificate),
        cookie_names=cookie_names,
        cookies=f"(?:{'|'.join(cookie_names)})",
        identity=IDENTITY,
    )


def host_of(text: str, scheme: str) -> Host:
    name, colon, port = text.rpartition(":") if not text.endswith("]") else (text, "", "")
    return Host(text, name if colon else text, port if colon else DEFAULT_PORTS[scheme])
