"""tree(): the elements of a page that is valid HTML, in a tenth of the time that html5lib takes."""

from html.parser import HTMLParser
from xml.etree.ElementTree import Element, TreeBuilder

import html5lib

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
BEGIN_WITH_NEWLINE = {"textarea", "pre"}
"""Elements whose first line break is not part of their text."""


class Unclosed(Exception):
    """An end tag is left out, as HTML permits for some elements."""


class Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self._builder = TreeBuilder()
        self._open: list[str] = []
        self._is_first = False
        self._builder.start("document", {})

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._builder.start(tag, {name: value or "" for name, value in attrs})
        self._is_first = tag in BEGIN_WITH_NEWLINE
        if tag in VOID:
            self._builder.end(tag)
        else:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        self._is_first = False
        if not self._open or self._open.pop() != tag:
            raise Unclosed(tag)
        self._builder.end(tag)

    def handle_data(self, data: str) -> None:
        self._builder.data(data.removeprefix("\n") if self._is_first else data)
        self._is_first = False

    def tree(self, page: str) -> Element:
        self.feed(page)
        self.close()
        if self._open:
            raise Unclosed(self._open[-1])
        self._builder.end("document")
        return self._builder.close()


def tree(page: str) -> Element:
    """The root above all elements of a page or of a part of one."""
    try:
        return Reader().tree(page.replace("\r\n", "\n"))
    except Unclosed:
        found: Element = html5lib.parse(page, namespaceHTMLElements=False)
        return found
