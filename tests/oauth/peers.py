"""Clients that others have written, in processes of their own, and the browser of the user who logs in with them."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx

from tests.browser import HTML, form_with, values_of
from tests.factories import PASSWORD

FOLDER = Path(__file__).parent / "clients"
NODE = shutil.which("node") or "node"
LEAVES = re.compile(r'<meta http-equiv="refresh" content="0; url=([^"]+)"')
SECONDS = 300


class Visitor:
    """Ada at a browser: logs in, confirms and allows whatever a page asks her for."""

    def __init__(self, site: str) -> None:
        self.site = site
        self.client = httpx.Client(timeout=60, headers={"Accept": HTML, "Sec-Fetch-Site": "none"})

    def close(self) -> None:
        self.client.close()

    def open(self, url: str) -> str:
        """The URL of another site to which this one leads."""
        at, page = self.follow(self.client.get(url))
        for _page in range(6):
            if page is None:
                return at
            at, page = self.follow(self.answered(at, page))
        raise AssertionError(f"more pages than expected, the last at {at}")

    def follow(self, answer: httpx.Response) -> tuple[str, str | None]:
        """Where redirects lead, and the page there; None for a page of another site."""
        while True:
            where = answer.headers.get("Location") or next(iter(LEAVES.findall(answer.text)), None)
            if where is None:
                return str(answer.url), answer.text
            where = urljoin(str(answer.url), where.replace("&amp;", "&"))
            if not where.startswith(f"{self.site}/"):
                return where, None
            answer = self.client.get(where)

    def answered(self, at: str, page: str) -> httpx.Response:
        for button, filled in (
            ("Log in", {"username": "ada", "password": PASSWORD}),
            ("Confirm", {"password": PASSWORD}),
            ("Allow", {"decision": "allow"}),
            ("Log out", {}),
        ):
            if f">{button}<" in page:
                return self.press(at, page, button, **filled)
        raise AssertionError(f"an unexpected page at {at}: {words_of(page)}")

    def press(self, at: str, page: str, button: str, **filled: str) -> httpx.Response:
        # Not the button of the account menu.
        form = form_with(page.partition("<main")[2], button)
        sent = values_of(form) | filled
        headers = {"Origin": self.site, "Sec-Fetch-Site": "same-origin"}
        return self.client.post(urljoin(at, form.get("action") or at), data=sent, headers=headers)

    def enter_device_code(self, url: str, decision: str) -> None:
        at, page = self.follow(self.client.get(url))
        if page and "decision" not in page:
            at, page = self.follow(self.press(at, page, "Continue"))
        assert page, at
        assert "decision" in page, words_of(page)
        done = self.press(at, page, "Allow", decision=decision)
        assert done.status_code in (200, 303), done.text[:500]


def words_of(page: str) -> str:
    return " ".join(re.sub("<[^>]+>", " ", page).split())[:1000]


def drive(script: str, visitor: Visitor, **given: Any) -> dict[str, Any]:
    """Run a driver in ``clients/`` with a visitor at its side; what it has found, by name."""
    process = subprocess.Popen(
        [NODE, script, json.dumps(given)], cwd=FOLDER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    found: dict[str, Any] = {}
    with process:
        for line in process.stdout:
            message = json.loads(line)
            if "found" in message:
                found[message["found"]] = message["value"]
                continue
            process.stdin.write(json.dumps(reply(visitor, message)) + "\n")
            process.stdin.flush()
        assert process.wait(SECONDS) == 0, f"{script} failed after {list(found)[-1:]}"
    return found


def reply(visitor: Visitor, message: dict[str, str]) -> str | None:
    if "device" in message:
        visitor.enter_device_code(message["device"], message["decision"])
        return None
    return visitor.open(message["open"])
