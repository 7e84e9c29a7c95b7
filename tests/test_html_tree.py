"""The fast reader of pages finds the same elements as html5lib."""

from xml.etree.ElementTree import Element

import html5lib
import pytest

from tests.html_tree import BEGIN_WITH_NEWLINE, tree

PAGES = ["/login", "/dashboard", "/account", "/account/security", "/tokens", "/tokens/new", "/docs", "/nowhere"]


def elements(root: Element) -> list[tuple[str, dict[str, str], str]]:
    """Tag, attributes and text of each element of the body, without what html5lib has besides: namespaces, comments."""
    return [
        (
            found.tag.rpartition("}")[2].lower(),
            {name.lower(): value for name, value in found.attrib.items()},
            text_of(found),
        )
        for found in next(root.iter("body")).iter()
        if isinstance(found.tag, str)
    ]


def text_of(found: Element) -> str:
    text = "".join(found.itertext())
    return text if found.tag in BEGIN_WITH_NEWLINE else " ".join(text.split())


@pytest.mark.parametrize("path", PAGES)
def test_a_page_has_the_same_elements_as_for_html5lib(person, path):
    page = person.open(path).text
    assert elements(tree(page)) == elements(html5lib.parse(page, namespaceHTMLElements=False))


@pytest.mark.parametrize(
    "part",
    [
        "<form><textarea>\n\none</textarea><input value='&amp;&quot;x'><select><option selected>2</select></form>",
        "<form><textarea>\nA &lt; b</textarea><button disabled>Go</button></form>",
        "<p>one<br>two<p>three",
        "<ul><li>1</ul>",
        "<div><svg><path d='M0'/></svg><pre>\nx\n</pre></div>",
    ],
)
def test_a_part_of_a_page_is_read_alike(part):
    body = f"<body>{part}</body>"
    assert elements(tree(body)) == elements(html5lib.parse(body, namespaceHTMLElements=False))
