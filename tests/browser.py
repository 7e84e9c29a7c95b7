"""A person: opens, fills in, presses; each page that is opened is checked for being valid HTML."""

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

import html5lib
from flask import Flask
from flask.testing import FlaskClient
from markupsafe import escape
from werkzeug.local import LocalProxy
from werkzeug.test import TestResponse

from tests.factories import PASSWORD
from tests.html_tree import tree
from tests.run_wide_set import SOUND

HTML = "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"
UNKNOWN_TO_THE_PARSER = {"unknown-named-character-reference"}
# What no parser objects to, in text and in values: printable, and & only as the template engine writes it. Values
# of type stay, because a hidden field may stand where another may not.
PLAIN = r"[ \n\t!#-%'-;=?-~\xa0-\ud7ff]|&(?:amp|lt|gt|quot|#3[49]);"
TEXT = re.compile(rf'(?<=>)[ \n\t]*+(?:{PLAIN}|")++(?=<)')
VALUE = re.compile(rf'(?<! type)="(?:{PLAIN})*+"')
IDS = re.compile(r'\bid="([^"]*)"')
FORMS = re.compile(r"<form\b.*?</form>", re.DOTALL)
REDIRECTS = 301, 302, 303, 307, 308


@dataclass
class Person:
    app: Flask
    ip_address: str = "203.0.113.18"
    user_agent: str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    base_url: str = ""
    """Where the site is opened; empty means its base URL."""
    client: FlaskClient = field(init=False)
    shown: TestResponse = field(init=False)
    ahead: str | None = field(init=False, default=None)
    """Where the page shown leads, and has not been followed."""

    @property
    def page(self) -> TestResponse:
        if self.ahead is not None:
            self.redirected(self.ahead)
        return self.shown

    @page.setter
    def page(self, page: TestResponse) -> None:
        self.shown, self.ahead = page, None

    def __post_init__(self) -> None:
        self.client = self.app.test_client()
        self.base_url = self.base_url or self.app.config["BASE_URL"]

    def open(self, path: str, **kwargs: Any) -> TestResponse:
        return self.visit("GET", path, **kwargs)

    def visit(self, method: str, path: str, **kwargs: Any) -> TestResponse:
        """One request as a browser sends it, and wherever it is redirected."""
        self.ask(method, path, **kwargs)
        if self.page.status_code in REDIRECTS:
            return self.redirected(self.page.headers["Location"])
        self.check_page()
        return self.page

    def check_page(self) -> None:
        if self.page.mimetype == "text/html" and self.page.request.method != "HEAD":
            check_html(self.page.text)

    def redirected(self, location: str) -> TestResponse:
        """Follow a redirect, to the host that it names."""
        if host := urlsplit(location).netloc:
            scheme = urlsplit(location).scheme
            self.base_url = urlsplit(self.base_url)._replace(scheme=scheme, netloc=host).geturl()
        return self.visit("GET", location)

    def ask(self, method: str, path: str, *, headers: dict[str, str] | None = None, **kwargs: Any) -> TestResponse:
        """One request as a browser sends it, and nothing that follows from it.

        With ``buffered=False`` what is done after the answer is done when that is closed.
        """
        sent = {"Accept": HTML, "User-Agent": self.user_agent, "Sec-Fetch-Site": "same-origin"} | (headers or {})
        self.page = self.client.open(
            path,
            method=method,
            headers=sent,
            environ_overrides={"REMOTE_ADDR": self.ip_address},
            base_url=self.base_url,
            **{"buffered": True} | kwargs,
        )
        return self.page

    def press(self, button: str, **fields: Any) -> TestResponse:
        """Fill in the form that has this button, as it stands on the page, and press it."""
        method, path, filled = self.filled_in(button, fields)
        return self.visit(method, path, data=filled)

    def filled_in(self, button: str, fields: dict[str, Any]) -> tuple[str, str, dict[str, Any]]:
        """Method, path and fields of the form that has this button."""
        form = form_with(self.page.text, button)
        pressed = next(element for element in form.iter("button") if button in text_of(element))
        own = {name: pressed.get("value", "") for name in [pressed.get("name")] if name}
        filled = values_of(form) | own | fields
        action = pressed.get("formaction") or form.get("action") or self.page.request.path
        return form.get("method", "get").upper(), action, filled

    def follow(self, words: str) -> TestResponse:
        """Follow the first link that reads so."""
        for link in parsed(self.page.text).iter("a"):
            if words in text_of(link):
                return self.open(link.get("href", ""))
        raise AssertionError(f"no link reads {words!r}")

    def log_in(self, name: str, password: str = PASSWORD, **fields: Any) -> TestResponse:
        """The page after it is only opened if somebody looks at it, before the next request: most tests do not."""
        self.open("/login")
        method, path, filled = self.filled_in("Log in", {"username": name, "password": password, **fields})
        answer = self.ask(method, path, data=filled)
        if answer.status_code in REDIRECTS:
            self.ahead = answer.headers["Location"]
        else:
            self.check_page()
        return LocalProxy(lambda: self.page)  # type: ignore[return-value] # All that a page has.

    @property
    def cookie(self) -> str:
        found = self.client.get_cookie("session")
        return found.value if found else ""

    @property
    def csrf_token(self) -> str:
        match = re.search(r'name="csrf_token" value="([^"]+)"', self.page.text)
        return match[1] if match else ""


def check_html(page: str) -> None:
    """Each page whose markup was not there before: what is plain text in it, and in its attributes, may be any."""
    shape, ids = shape_of(page), IDS.findall(page)
    if shape in SOUND and len(ids) == len(set(ids)):
        return
    parse_strictly(page)
    SOUND.add(shape)


def shape_of(page: str) -> str:
    """A page without its plain text and values: two of one shape are both valid, but for ids that are there twice."""
    return VALUE.sub("=", TEXT.sub("text", page))


def parse_strictly(page: str) -> None:
    parser = html5lib.HTMLParser(tree=html5lib.getTreeBuilder("etree"), namespaceHTMLElements=False)
    tree = parser.parse(page)
    faults = [fault for fault in parser.errors if fault[1] not in UNKNOWN_TO_THE_PARSER]
    assert not faults, faults
    ids = [element.get("id") for element in tree.iter() if element.get("id")]
    assert len(ids) == len(set(ids)), "an id is there twice"
    for element in tree.iter():
        assert not any(name.startswith("on") or name == "style" for name in element.attrib), element.attrib


def parsed(page: str) -> Element:
    return tree(page)


def form_with(page: str, button: str) -> Element:
    words = str(escape(button)).split()
    likely = (form for form in FORMS.findall(page) if all(word in form for word in words))
    for form in (next(parsed(form).iter("form")) for form in likely):
        if any(button in text_of(element) for element in form.iter("button")):
            return form
    raise AssertionError(f"no form has the button {button!r}")


def values_of(form: Element) -> dict[str, Any]:
    """What the form sends as it stands."""
    values: dict[str, Any] = {}
    for element in form.iter("input"):
        name, kind = element.get("name"), element.get("type", "text")
        is_left_out = kind in ("checkbox", "radio") and element.get("checked") is None
        if name is None or is_left_out or element.get("disabled") is not None:
            continue
        value = element.get("value", "")
        is_several = kind == "checkbox" or (name in values and kind == "hidden")
        if is_several:
            former = values.get(name, [])
            values[name] = [*([former] if isinstance(former, str) else former), value]
        else:
            values[name] = value
    values |= {element.get("name", ""): element.text or "" for element in form.iter("textarea") if element.get("name")}
    for element in form.iter("select"):
        chosen = [option for option in element.iter("option") if option.get("selected") is not None]
        if chosen and element.get("name"):
            values[element.get("name", "")] = chosen[0].get("value", "")
    return values


def text_of(element: Element) -> str:
    return " ".join("".join(element.itertext()).split())
