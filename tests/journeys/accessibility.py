"""What WCAG 2.2 AA asks of a page and a program can see (axe-core), and that nothing widens it."""

from functools import cache
from typing import Any, Literal

from axe_playwright_python.base import AxeResults
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

RULES: dict[str, Any] = {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]}
COLOURS: dict[str, Any] = {"runOnly": ["color-contrast"]}
# What the width can change: a narrow page shows no element that a wide one does not have.
LAYOUT: dict[str, Any] = {"runOnly": ["target-size", "scrollable-region-focusable"]}
# No page has frames, and none of the rules reads the style sheets: to load them anew takes as long as to check.
OPTIONS = {"resultTypes": ["violations"], "preload": False, "iframes": False}
NARROW, WIDE = 360, 1280
REMOVE_ALIKE = """selector => {
  const kinds = new Set();
  const kind = (one) => {
    const inner = [...one.children].map(kind).filter((each, place, all) => each !== all[place - 1]);
    return `${one.tagName}.${one.getAttribute("class")}(${inner.join()})`;
  };
  for (const one of document.querySelectorAll(selector)) {
    if (kinds.has(kind(one))) one.remove();
    else kinds.add(kind(one));
  }
}"""


@cache
def checker() -> str:
    """What a page loads once, however often it is checked; large enough to be felt."""
    script: str = Axe().axe_script
    return script


def check_everywhere(page: Page) -> None:
    """Check all of a page that is open on a desk in light, then what is different in dark and on a phone.

    The checker styles the page inline, which our policy refuses and the console reports: use a page whose console
    nobody watches.
    """
    former = page.viewport_size
    check_as(page, WIDE, "light", RULES)
    check_as(page, WIDE, "dark", COLOURS)
    check_as(page, NARROW, "dark", LAYOUT)
    if former:
        page.set_viewport_size(former)


def check_as(page: Page, width: int, scheme: Literal["light", "dark"], rules: dict[str, Any]) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    # Colours pass over into each other otherwise, and are judged on their way.
    page.evaluate("document.getAnimations().forEach((one) => one.cancel())")
    check(page, rules)


def keep_one_of_each_kind(page: Page, selector: str) -> None:
    """Remove elements that have the same elements and classes in them as one before: to check them takes seconds."""
    page.evaluate(REMOVE_ALIKE, selector)


def check(page: Page, rules: dict[str, Any] = RULES) -> None:
    """Check a page that is open, as it is shown now."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(checker())
    found = AxeResults(page.evaluate("options => axe.run(options)", {**OPTIONS, **rules}))
    assert found.violations_count == 0, f"{page.url}: {found.generate_report()}"
    fits(page)


def fits(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"{page.url} scrolls sideways"
