"""Identity providers that others have written, and one of our own, over HTTP; and the browser of a user at them."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from threading import Thread
from urllib.parse import urljoin

import httpx
from flask import Flask
from werkzeug.serving import make_server

from tests.browser import FORMS, form_with, parsed, values_of
from tests.federation.upstream import CLIENT, SECRET
from tests.oauth.peers import Visitor, words_of
from tests.ports import free_port

FOLDER = Path(__file__).parent / "upstreams"
NODE = shutil.which("node") or "node"
LOCAL = {"WEBAPP_PRIVATE_HOSTS": "127.0.0.1"}


@contextmanager
def served(app: Flask, port: int) -> Iterator[None]:
    """A site of this process that others reach."""
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def node_oidc_provider(site: str, slug: str = "acme", *, groups: Path | None = None) -> Iterator[str]:
    """node-oidc-provider with a site as its client. Yields its issuer.

    Args:
        groups: file with the groups of its users, by name, as JSON; read at each login.
    """
    port, at = free_port(), f"{site}/login/with/{slug}"
    client = {
        "client_id": CLIENT,
        "client_secret": SECRET,
        "redirect_uris": [f"{at}/callback"],
        "post_logout_redirect_uris": [f"{at}/logged-out"],
        "backchannel_logout_uri": f"{at}/backchannel-logout",
        "backchannel_logout_session_required": True,
    }
    wanted = {"port": port, "client": client, "groups": str(groups) if groups else None}
    call = [NODE, "node_oidc_provider.mjs", json.dumps(wanted)]
    process = subprocess.Popen(call, cwd=FOLDER, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    with process:
        try:
            assert process.stdout.readline() == "ready\n"
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


@contextmanager
def oidc_provider_mock() -> Iterator[str]:
    """oidc-provider-mock, which takes every client. Yields its issuer."""
    port = free_port()
    user = {"sub": "grace", "email": "grace@example.org", "email_verified": True, "preferred_username": "grace"}
    call = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port), "--user-claims", json.dumps(user)]
    # In a process of its own: it imports modules that warn.
    process = subprocess.Popen(call, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    issuer = f"http://127.0.0.1:{port}"
    with process:
        try:
            wait_for(f"{issuer}/.well-known/openid-configuration")
            yield issuer
        finally:
            process.terminate()


def wait_for(url: str) -> None:
    for _try in range(600):
        with suppress(httpx.TransportError):
            if httpx.get(url).status_code == 200:
                return
        time.sleep(0.1)
    raise AssertionError(f"{url} does not respond")


class MockBrowser:
    """Somebody at oidc-provider-mock, who presses the button with their name."""

    def open(self, url: str) -> str:
        """The URL of the site to which it leads."""
        answer = httpx.post(url, data={"sub": "grace"}, timeout=60)
        return answer.headers["Location"]


class NodeBrowser:
    """Somebody at node-oidc-provider, who fills in its forms."""

    def __init__(self, issuer: str, name: str = "grace") -> None:
        self.issuer, self.name, self.client = issuer, name, httpx.Client(timeout=60)

    def close(self) -> None:
        self.client.close()

    def open(self, url: str) -> str:
        """The URL of the site to which it leads."""
        answer = self.client.get(url)
        for _page in range(8):
            while location := answer.headers.get("Location"):
                url = urljoin(str(answer.url), location)
                if not url.startswith(f"{self.issuer}/"):
                    return url
                answer = self.client.get(url)
            answer = self.answered(answer)
        raise AssertionError(f"more pages than expected: {words_of(answer.text)}")

    def answered(self, page: httpx.Response) -> httpx.Response:
        for button, filled in (
            ("Sign-in", {"login": self.name, "password": "any"}),
            ("Continue", {}),
        ):
            if any(button in form for form in FORMS.findall(page.text)):
                form = form_with(page.text, button)
                return self.client.post(urljoin(str(page.url), form.get("action") or ""), data=values_of(form) | filled)
        if "Yes, sign me out" in page.text:
            # The button stands beside its form.
            sent = values_of(parsed(page.text)) | {"logout": "yes"}
            return self.client.post(f"{self.issuer}/session/end/confirm", data=sent)
        raise AssertionError(f"an unexpected page at {page.url}: {page.text[:2000]}")


def closing_visitor(issuer: str) -> closing[Visitor]:
    """Ada at a site of ours that is the provider."""
    return closing(Visitor(issuer))
