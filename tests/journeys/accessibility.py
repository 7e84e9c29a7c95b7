"""What WCAG 2.2 AA asks of a page and a program can see (axe-core), and that nothing widens it."""

from functools import cache
from typing import Any

from axe_playwright_python.base import AxeResults
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

RULES: dict[str, Any] = {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]}
COLOURS: dict[str, Any] = {"runOnly": ["color-contrast"]}
NARROW, WIDE = 360, 1280


@cache
def checker() -> str:
    """What a page loads once, however often it is checked; large enough to be felt."""
    script: str = Axe().axe_script
    return script


def check_everywhere(page: Page) -> None:
    """Check a page that is open on a phone and on a desk, in light and in dark; colours are all that differs in dark.

    The checker styles the page inline, which our policy refuses and the console reports: use a page whose console
    nobody watches.
    """
    former = page.viewport_size
    for width in (NARROW, WIDE):
        page.set_viewport_size({"width": width, "height": 900})
        for scheme, rules in (("dark", COLOURS), ("light", RULES)):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # one of its literals
            # Colours pass over into each other otherwise, and are judged on their way.
            page.evaluate("document.getAnimations().forEach((one) => one.cancel())")
            check(page, rules)
    if former:
        page.set_viewport_size(former)


def check(page: Page, rules: dict[str, Any] = RULES) -> None:
    """Check a page that is open, as it is shown now."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(checker())
    found = AxeResults(page.evaluate("options => axe.run(options)", {**rules, "resultTypes": ["violations"]}))
    assert found.violations_count == 0, f"{page.url}: {found.generate_report()}"
    fits(page)


def fits(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"{page.url} scrolls sideways"
