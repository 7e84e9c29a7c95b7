"""A served site with small apps behind real proxies, configured as this site prints it."""

import base64
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests import factories
from tests.forward_auth import proxy_servers, raw_http
from tests.forward_auth.proxy import EDITOR
from tests.forward_auth.raw_http import Answer, Headers
from tests.forward_auth.small_apps import small_app
from tests.journeys.server import ServedSite, forked
from tests.ports import free_port
from webapp.app import close, create_app
from webapp.forward_auth import lifecycle
from webapp.forward_auth.app_settings import AppSettings, RuleSettings
from webapp.forward_auth.proxy_configs import ProxySetup, setup_of
from webapp.testing import user_named

PAGE = [("Accept", "text/html"), ("Sec-Fetch-Dest", "document"), ("Sec-Fetch-Mode", "navigate")]
RULES = {
    "wiki": (
        RuleSettings(path="/admin/*", role="admin"),
        RuleSettings(path="/public/*", is_public=True),
        RuleSettings(path="/api/*", allows_preflight=True),
        RuleSettings(),
    ),
    "chat": (RuleSettings(),),
    "files": (RuleSettings(authorization="basic"),),
    "own": (RuleSettings(path="/*", is_public=True, authorization="app"),),
    "spare": (RuleSettings(),),
}
STOPPED = "spare"
"""Its app does not run, so that something else can take its place."""


@dataclass
class Lab:
    """Apps by their short name, and what serves them."""

    site: ServedSite
    kind: str
    port: int
    """Of the proxy."""
    app_ports: dict[str, int]
    tokens: dict[str, str] = field(default_factory=dict)
    """API tokens by their names."""

    def host(self, slug: str) -> str:
        return f"{slug}.localhost:{self.port}"

    def ask(self, slug: str, target: str = "/", method: str = "GET", headers: Headers = (), **more: Any) -> Answer:
        """A request through the proxy."""
        return raw_http.exchange(self.port, self.host(slug), target, method, headers, **more)

    def bearer(self, name: str = "wiki") -> tuple[str, str]:
        return "Authorization", f"Bearer {self.tokens[name]}"

    def basic(self, name: str = "files") -> tuple[str, str]:
        return "Authorization", "Basic " + base64.b64encode(f"ada:{self.tokens[name]}".encode()).decode()


@contextmanager
def lab(folder: Path, kinds: tuple[str, ...] = proxy_servers.KINDS) -> Iterator[dict[str, Lab]]:
    """The same site and apps behind each kind of proxy."""
    (folder / "site").mkdir()
    with ExitStack() as stack:
        site = stack.enter_context(forked(folder / "site", WEBAPP_TRUSTED_PROXIES="127.0.0.1"))
        app_ports = {slug: free_port() for slug in RULES}
        for slug, port in app_ports.items():
            if slug != STOPPED:
                stack.enter_context(small_app(port))
        # The last is one that a test starts by itself.
        labs = {kind: Lab(site, kind, free_port(), app_ports) for kind in (*kinds, "broken")}
        tokens = put_apps(site, list(labs.values()))
        for number, one in enumerate(labs.values()):
            one.tokens = tokens
            if one.kind not in kinds:
                continue
            place = folder / f"proxy{number}"
            place.mkdir()
            stack.enter_context(proxy_servers.proxying(place, one.kind, [setup(one, slug) for slug in RULES], one.port))
        yield labs


def put_apps(site: ServedSite, labs: list[Lab]) -> dict[str, str]:
    """Add the apps and two users; returns API tokens of ``ada`` for each app, and one of ``bob``."""
    app = create_app(site.settings)
    try:
        ada, bob = user_named(app, "ada", "admin"), user_named(app, "bob")
        with factories.database_of(app).write() as db:
            for slug, rules in RULES.items():
                desired = AppSettings(name=slug.title(), hosts=[one.host(slug) for one in labs], rules=rules)
                lifecycle.add(db, slug, desired, EDITOR, own_host=site.url.partition("//")[2])
        tokens = {slug: factories.api_token(app, ada, f"app:{slug}").token for slug in RULES}
        return tokens | {"bob": factories.api_token(app, bob, "app:wiki").token}
    finally:
        close(app)


def setup(one: Lab, slug: str) -> ProxySetup:
    """Of one app behind this proxy alone, which listens at a port of its own."""
    site, upstream = one.site.environ["WEBAPP_BIND"], f"127.0.0.1:{one.app_ports[slug]}"
    app = AppSettings(name=slug.title(), hosts=[one.host(slug)], rules=RULES[slug])
    return setup_of(slug, app, base_url=one.site.url, site=site, upstream=upstream)
