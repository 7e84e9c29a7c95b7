"""Checks of an app behind the login from outside, through its proxy; with an echo in its place, what arrives there."""

import http.client
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from webapp.cli.health_checks.echo_app import EchoApp
from webapp.cli.health_checks.finding import Finding, bad, ok, warn
from webapp.forward_auth.host_cookies import login_cookie, state_cookie
from webapp.settings.urls import is_loopback

TIMEOUT = 30.0
UPLOAD = 50_000_000
FORGED = "forged-by-doctor"
IDENTITY = "Remote-User", "Remote-Email", "Remote-Name", "Remote-Groups", "X-Latchkey-Assertion"
FORGERIES = {name: FORGED for header in IDENTITY for name in (header, header.replace("-", "_"))}
PAGE = {"Accept": "text/html", "Sec-Fetch-Dest": "document", "Sec-Fetch-Mode": "navigate"}
SOCKET = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
SOCKET |= {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
PRINT = "Print the configuration again: python -m webapp proxied-app config SLUG nginx."


@dataclass(frozen=True, slots=True)
class ProbeAnswer:
    status: int
    headers: Mapping[str, str]
    own_address: str
    """The IP address that the request came from."""

    @property
    def location(self) -> str:
        return self.headers.get("location", "")


@dataclass(frozen=True, slots=True)
class ProxyProbe:
    """
    Args:
        url: of a page of the app that needs a login.
        token: an API token with the scope of the app; empty for none.
    """

    url: SplitResult
    token: str = ""

    def ask(
        self, method: str = "GET", path: str = "", headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> ProbeAnswer:
        """
        Raises:
            OSError: nothing answers, or its certificate is not valid.
            http.client.HTTPException: it does not speak HTTP.
        """
        name = self.url.hostname or ""
        host = "127.0.0.1" if is_loopback(name) and not name[0].isdigit() else name
        if self.url.scheme == "https":
            made: http.client.HTTPConnection = http.client.HTTPSConnection(
                host, self.url.port, timeout=TIMEOUT, context=ssl.create_default_context()
            )
        else:
            made = http.client.HTTPConnection(host, self.url.port, timeout=TIMEOUT)
        try:
            made.connect()
            own_address = str(made.sock.getsockname()[0])
            made.request(method, path or self.path, body or None, {"Host": self.url.netloc} | dict(headers or {}))
            got = made.getresponse()
            return ProbeAnswer(got.status, {key.lower(): value for key, value in got.getheaders()}, own_address)
        finally:
            made.close()

    @property
    def path(self) -> str:
        return (self.url.path or "/") + (f"?{self.url.query}" if self.url.query else "")

    @property
    def authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


def findings(probe: ProxyProbe, base_url: str, echo: EchoApp | None, direct: str) -> Iterator[Finding]:
    try:
        yield people(probe)
        yield scripts(probe)
        yield forms(probe)
        yield way_to_login(probe, base_url)
        yield forgeries(probe)
        if echo is None or not probe.token:
            yield warn(
                "app", "What reaches the app was not tested.", "Stop it, and give --echo HOST:PORT of it and --token."
            )
        else:
            yield from at_app(probe, echo)
    except (OSError, http.client.HTTPException) as error:
        said = f"{probe.url.geturl()} does not answer ({getattr(error, 'strerror', None) or error})."
        yield bad("proxy", said, "Start the proxy and this site, or check the certificate.")
    yield direct_access(direct)


def people(probe: ProxyProbe) -> Finding:
    answer = probe.ask(headers=PAGE)
    if answer.status in (302, 303) and "/.latchkey/login?rd=" in answer.location:
        return ok("people", "People without a login are sent to it.")
    said = f"People without a login get {answer.status} instead of the login."
    mend = "403: the proxy is not in WEBAPP_TRUSTED_PROXIES, or no app has this host. 200: nothing asks for a login."
    return bad("people", said, mend)


def scripts(probe: ProxyProbe) -> Finding:
    answer = probe.ask(headers={"Accept": "*/*"})
    if answer.status == 401 and not answer.location and "www-authenticate" in answer.headers:
        return ok("scripts", "Scripts without a token get 401 with a challenge.")
    return bad("scripts", f"Scripts without a token get {answer.status} instead of 401 with a challenge.", PRINT)


def forms(probe: ProxyProbe) -> Finding:
    answer = probe.ask("POST", headers=PAGE, body=b"x=1")
    if answer.status == 401 and not answer.location:
        return ok("forms", "A form without a login gets 401 and is not redirected.")
    return bad("forms", f"A form without a login gets {answer.status} instead of 401.", PRINT)


def way_to_login(probe: ProxyProbe, base_url: str) -> Finding:
    answer = probe.ask(path="/.latchkey/login?rd=/", headers=PAGE)
    if answer.status == 303 and answer.location.startswith(f"{base_url}/forward-auth/start?"):
        return ok("login", "The proxy passes /.latchkey/ to this site.")
    return bad("login", f"/.latchkey/ gets {answer.status}: the proxy does not pass it to this site.", PRINT)


def forgeries(probe: ProxyProbe) -> Finding:
    forwarded = {"X-Forwarded-User": FORGED, "X-Forwarded-Uri": "/", "X-Forwarded-Method": "OPTIONS"}
    answer = probe.ask(headers=FORGERIES | forwarded)
    if answer.status == 401:
        return ok("forged", "Remote-User and X-Forwarded-* of a client open nothing.")
    return bad("forged", f"A request with a forged Remote-User gets {answer.status} instead of 401.", PRINT)


def at_app(probe: ProxyProbe, echo: EchoApp) -> Iterator[Finding]:
    scheme = probe.url.scheme
    cookies = f"{login_cookie(scheme)}={FORGED}; theirs=1; {state_cookie(scheme)}={FORGED}"
    answer = probe.ask(headers=FORGERIES | probe.authorization | {"Cookie": cookies, "X-Forwarded-For": "192.0.2.55"})
    if answer.status != 200 or not echo.arrived:
        said = f"With the token, the request gets {answer.status} and does not reach the echo."
        yield bad("app", said, "Is --echo the --upstream of the configuration, and has the token the scope app:SLUG?")
        return
    seen = echo.arrived[-1]
    passed = [name for name in IDENTITY if FORGED in "".join(seen.all(name))]
    yield (
        bad("identity", f"{', '.join(passed)} of a client reach the app.", PRINT)
        if passed
        else ok(
            "identity", f"The app gets Remote-User: {''.join(seen.all('Remote-User'))}, and none that a client sent."
        )
    )
    leaked = FORGED in "".join(seen.all("Cookie"))
    yield (
        bad("cookie", "The app gets the cookie of the login.", PRINT)
        if leaked
        else ok("cookie", "The app does not get the cookie of the login.")
    )
    yield (
        warn("token", "The app gets the token.", "This is correct if the rule leaves Authorization to the app.")
        if seen.all("Authorization")
        else ok("token", "The app does not get the token.")
    )
    yield address(seen.all("X-Forwarded-For"), answer.own_address)
    yield socket(probe)
    yield upload(probe, echo)


def address(sent: list[str], own: str) -> Finding:
    if ",".join(sent) == own:
        return ok("address", f"The app sees the IP address of the client, {own}.")
    said = f"The app sees {', '.join(sent) or 'no IP address'} as the client, and this machine is {own}."
    return warn("address", said, "This is correct if a router or another proxy is between them.")


def socket(probe: ProxyProbe) -> Finding:
    answer = probe.ask(headers=SOCKET | probe.authorization)
    if answer.status == 101:
        return ok("WebSocket", "A WebSocket passes.")
    return bad("WebSocket", f"A WebSocket gets {answer.status} instead of 101.", PRINT)


def upload(probe: ProxyProbe, echo: EchoApp) -> Finding:
    before = len(echo.arrived)
    answer = probe.ask("POST", headers=probe.authorization, body=bytes(UPLOAD))
    if answer.status == 200 and len(echo.arrived) > before and echo.arrived[-1].length == UPLOAD:
        return ok("upload", "An upload of 50 MB passes.")
    return bad(
        "upload", f"An upload of 50 MB gets {answer.status}.", "nginx: client_max_body_size 0; in the server block."
    )


def direct_access(url: str) -> Finding:
    if not url:
        return warn(
            "direct", "Whether the app can be reached past the proxy was not tested.", "Give --direct URL-OF-THE-APP."
        )
    try:
        answer = ProxyProbe(urlsplit(url)).ask(headers=PAGE)
    except (OSError, http.client.HTTPException):
        return ok("direct", f"{url} cannot be reached from here.")
    if answer.status in (401, 403):
        return ok("direct", f"{url} refuses requests that did not come through the proxy ({answer.status}).")
    said = f"{url} answers {answer.status} past the proxy: whoever reaches it is whom they say in Remote-User."
    return bad("direct", said, "Bind the app to 127.0.0.1, close its port, or have it verify X-Latchkey-Assertion.")
