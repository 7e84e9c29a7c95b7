"""Browser and operating system of a user agent in words, so that users recognise their devices. Informational only."""

from functools import lru_cache

from webapp.core.translation import _l

REMEMBERED = 1024
# By product token (RFC 9110 §10.1.5). The first of these that is there counts, because browsers also name those whose
# pages they want to get. A token that is neither here nor in ENGINES is the name of another program, which stays
# unnamed: no text of the header itself is shown.
BROWSERS = {
    "Edg": "Edge",
    "EdgA": "Edge",
    "EdgiOS": "Edge",
    "Edge": "Edge",
    "OPR": "Opera",
    "OPT": "Opera",
    "Opera": "Opera",
    "SamsungBrowser": "Samsung Internet",
    "Chromium": "Chromium",
    "HeadlessChrome": "Chrome",
    "CriOS": "Chrome",
    "Chrome": "Chrome",
    "FxiOS": "Firefox",
    "Firefox": "Firefox",
}
SCRIPTS = {"curl/": "curl", "python-": "Python", "Python": "Python"}
SAFARI = {"Version", "Safari"}
ENGINES = {"Mozilla", "AppleWebKit", "Gecko", "Mobile", "Presto", "Ubuntu", "Raspbian", *SAFARI}
# Parts of the first comment. Android and ChromeOS come before Linux, which they name too.
SYSTEMS = {
    "iPad": "iPad",
    "iPhone": "iPhone",
    "iPod": "iPhone",
    "Android": "Android",
    "CrOS": "ChromeOS",
    "Windows": "Windows",
    "Macintosh": "macOS",
    "Linux": "Linux",
    "Ubuntu": "Linux",
    "Fedora": "Linux",
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
    for start, name in SCRIPTS.items():
        if user_agent.startswith(start):
            return name
    products = products_of(user_agent)
    if not products <= BROWSERS.keys() | ENGINES:
        return None
    browser = next((BROWSERS[token] for token in BROWSERS if token in products), None)
    # The browser of old Android versions has the tokens of Safari.
    return browser or ("Safari" if products >= SAFARI and "Android" not in user_agent else None)


def system_of(user_agent: str) -> str | None:
    comment = user_agent.partition("(")[2].partition(")")[0]
    return next((name for part, name in SYSTEMS.items() if part in comment), None)


def products_of(user_agent: str) -> set[str]:
    """Names of the products with a version, outside of comments. Linear in the length of the text."""
    outside = [part.rpartition(")")[2] if number else part for number, part in enumerate(user_agent.split("("))]
    words = (word.partition("/") for word in " ".join(outside).split())
    return {name for name, slash, _version in words if slash}
