"""Browser and operating system of a user agent in words, so that users recognise their devices. Informational only."""

from functools import cache, lru_cache
from typing import TYPE_CHECKING

from webapp.core.lazy_import import lazily
from webapp.core.translation import _l

if TYPE_CHECKING:
    from ua_parser import Parser

REMEMBERED = 1024
# Families of uap-core. Others stay unnamed, because some of its families are copied from the user agent itself.
BROWSERS = {
    "Chrome Mobile WebView": "Chrome",
    "Chrome Mobile iOS": "Chrome",
    "Chrome Mobile": "Chrome",
    "Chrome": "Chrome",
    "Chromium": "Chromium",
    "Edge Mobile": "Edge",
    "Edge": "Edge",
    "Firefox Mobile": "Firefox",
    "Firefox iOS": "Firefox",
    "Firefox": "Firefox",
    "HeadlessChrome": "Chrome",
    "Mobile Safari": "Safari",
    "Opera Mobile": "Opera",
    "Opera": "Opera",
    "Safari": "Safari",
    "Samsung Internet": "Samsung Internet",
    "curl": "curl",
}
SYSTEMS = {
    "Android": "Android",
    "Chrome OS": "ChromeOS",
    "Mac OS X": "macOS",
    "Windows": "Windows",
    **dict.fromkeys(("Linux", "Ubuntu", "Debian", "Fedora", "Red Hat", "SUSE", "Gentoo", "Mint"), "Linux"),
}


def describe_user_agent(user_agent: str) -> str:
    """Such as "Firefox on Linux", or "A browser", translated into the language of the request."""
    return str(device_name(user_agent))


@lru_cache(REMEMBERED)
def device_name(user_agent: str) -> str:
    """The same, translated when it becomes a string: for mails, which are in the language of their recipient."""
    browser, system = browser_of(user_agent) or _l("A browser"), system_of(user_agent)
    return _l("%(browser)s on %(system)s", browser=browser, system=system) if system else browser


def browser_of(user_agent: str) -> str | None:
    if user_agent.startswith(("python-", "Python")):
        return "Python"
    found = parser().parse_user_agent(user_agent)
    name = BROWSERS.get(found.family) if found else None
    # Its user agent contains both names, and uap-core finds the wrong one.
    return "Chromium" if name == "Chrome" and "Chromium/" in user_agent else name


def system_of(user_agent: str) -> str | None:
    found = parser().parse_os(user_agent)
    if found and found.family == "iOS":
        return "iPad" if "iPad" in user_agent else "iPhone"
    return SYSTEMS.get(found.family) if found else None


@cache
def parser() -> "Parser":
    """ua-parser with its Rust engine, whose running time is linear in the length of the text.

    Loading it takes 50 ms, and the first result 250 ms: commands do not load it, and workers load it before they serve
    requests (``cli.preload``). Lazy: the Rust engine reads the text of each expression, which Python need not compile.
    """
    expressions = lazily("ua_parser.loaders").load_lazy_builtins()
    return lazily("ua_parser").Parser(lazily("ua_parser.regex").Resolver(expressions))  # type: ignore[no-any-return]
