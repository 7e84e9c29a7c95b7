"""Apps behind a reverse proxy, and a proxy that asks the site about each request as nginx does."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from werkzeug.test import TestResponse

from tests import factories
from tests.browser import HTML, Person, form_with, values_of
from tests.restored_site import copied_browser
from webapp.forward_auth import lifecycle
from webapp.forward_auth.app_settings import AppSettings, RuleSettings
from webapp.forward_auth.lifecycle import AppEditor

PROXY = "192.0.2.1"
SETTINGS = {"WEBAPP_TRUSTED_PROXIES": PROXY, "WEBAPP_BASE_URL": "https://login.example.org"}
EDITOR = AppEditor("cli")
OWN_HOST = "login.example.org"
PAGE = {"Accept": HTML, "Sec-Fetch-Dest": "document"}


def proxied(app: Flask, slug: str = "wiki", *rules: RuleSettings, **settings: Any) -> None:
    """Put an app behind the login, at ``SLUG.example.org`` unless ``hosts`` are given."""
    desired = AppSettings(
        **{"name": slug.title(), "hosts": [f"{slug}.example.org"]} | settings,
        rules=rules or (RuleSettings(),),
    )
    with factories.database_of(app).write() as db:
        lifecycle.add(db, slug, desired, EDITOR, own_host=OWN_HOST)


def forwarded(method: str, url: str, ip_address: str = "203.0.113.18") -> dict[str, str]:
    """The headers with which a proxy asks about a request."""
    parts = urlsplit(url)
    uri = url.split(parts.netloc, 1)[1] or "/"
    return {
        "X-Forwarded-Method": method,
        "X-Forwarded-Proto": parts.scheme,
        "X-Forwarded-Host": parts.netloc,
        "X-Forwarded-Uri": uri,
        "X-Forwarded-For": ip_address,
    }


@dataclass
class Proxied:
    """A browser that also opens apps behind the proxy, and scripts that do."""

    app: Flask
    person: Person = field(init=False)
    hops: list[tuple[int, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.person = Person(self.app)

    def check(
        self,
        url: str,
        method: str = "GET",
        *,
        headers: dict[str, str] | None = None,
        peer: str = PROXY,
        path: str = "/forward-auth",
    ) -> TestResponse:
        """The answer of the check to one request with these headers of the client."""
        return self.person.client.get(
            path,
            base_url=f"{urlsplit(url).scheme}://{urlsplit(url).netloc}",
            headers=forwarded(method, url) | (headers or {}),
            environ_overrides={"REMOTE_ADDR": peer},
        )

    def send(self, url: str) -> tuple[TestResponse, bool]:
        """One request of a browser; whether it reached an app."""
        parts = urlsplit(url)
        if parts.netloc == OWN_HOST:
            self.person.base_url = f"https://{OWN_HOST}"
            return self.person.ask("GET", url, headers={"Sec-Fetch-Site": "cross-site"}), False
        if parts.path.startswith("/.latchkey/"):
            answer = self.person.client.get(
                url,
                base_url=f"{parts.scheme}://{parts.netloc}",
                headers=PAGE | forwarded("GET", url),
                environ_overrides={"REMOTE_ADDR": PROXY},
            )
            return answer, False
        answer = self.check(url, headers=PAGE)
        return answer, answer.status_code == 200

    def log_in(self, url: str, name: str = "ada") -> TestResponse:
        """Open a page of an app, log in on the page that comes instead, and go on."""
        self.open(url)
        form = form_with(self.person.page.text, "Log in")
        fields = values_of(form) | {"username": name, "password": factories.PASSWORD}
        answer = self.person.ask("POST", form.get("action") or self.person.page.request.path, data=fields)
        assert answer.status_code == 303, answer.text
        return self.open(f"https://{OWN_HOST}{answer.headers['Location']}")

    def open(self, url: str) -> TestResponse:
        """Open a page and follow redirects; ``hops`` has each answer. A 200 of the check stands for the page."""
        self.hops = []
        for _hop in range(10):
            answer, has_arrived = self.send(url)
            self.hops.append((answer.status_code, url))
            where = answer.headers.get("Location")
            if has_arrived or where is None:
                self.person.page = answer
                return answer
            url = where if "//" in where else f"{urlsplit(url).scheme}://{urlsplit(url).netloc}{where}"
        raise AssertionError(self.hops)


def again(proxy: Proxied) -> Proxied:
    """The same browser for another test: with the cookies and the page that it had."""
    same = Proxied(proxy.app)
    same.person = copied_browser(proxy.person)
    return same
