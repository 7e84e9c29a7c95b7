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
    own_ip_address: str
    """The IP address that the request came from."""

    @property
    def location(self) -> str:
        return self.headers.get("location", "")


@dataclass(frozen=True, slots=True)
class ProxyProbe:
    """Sends requests to an app through its reverse proxy, as its users would.

    Args:
        url: of a page of the app that needs a login.
        token: an API token with the scope of the app; empty for none.
    """

    url: SplitResult
    token: str = ""

    def send(
        self, method: str = "GET", path: str = "", headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> ProbeAnswer:
        """Send a request and read the status and headers of the response; its body is not read.

        Raises:
            OSError: nothing answers, or its certificate is not valid.
            http.client.HTTPException: it does not speak HTTP.
        """
        name = self.url.hostname or ""
        host = "127.0.0.1" if is_loopback(name) and not name[0].isdigit() else name
        if self.url.scheme == "https":
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                host, self.url.port, timeout=TIMEOUT, context=ssl.create_default_context()
            )
        else:
            connection = http.client.HTTPConnection(host, self.url.port, timeout=TIMEOUT)
        try:
            connection.connect()
            own_ip_address = str(connection.sock.getsockname()[0])
            connection.request(method, path or self.path, body or None, {"Host": self.url.netloc} | dict(headers or {}))
            response = connection.getresponse()
            return ProbeAnswer(
                response.status, {key.lower(): value for key, value in response.getheaders()}, own_ip_address
            )
        finally:
            connection.close()

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
        problem = f"{probe.url.geturl()} does not answer ({getattr(error, 'strerror', None) or error})."
        yield bad("proxy", problem, "Start the proxy and this site, or check the certificate.")
    yield direct_access(direct)


def people(probe: ProxyProbe) -> Finding:
    response = probe.send(headers=PAGE)
    if response.status in (302, 303) and "/.latchkey/login?rd=" in response.location:
        return ok("people", "People without a login are sent to it.")
    problem = f"People without a login get {response.status} instead of the login."
    remedy = "403: the proxy is not in WEBAPP_TRUSTED_PROXIES, or no app has this host. 200: nothing asks for a login."
    return bad("people", problem, remedy)


def scripts(probe: ProxyProbe) -> Finding:
    response = probe.send(headers={"Accept": "*/*"})
    if response.status == 401 and not response.location and "www-authenticate" in response.headers:
        return ok("scripts", "Scripts without a token get 401 with a challenge.")
    return bad("scripts", f"Scripts without a token get {response.status} instead of 401 with a challenge.", PRINT)


def forms(probe: ProxyProbe) -> Finding:
    response = probe.send("POST", headers=PAGE, body=b"x=1")
    if response.status == 401 and not response.location:
        return ok("forms", "A form without a login gets 401 and is not redirected.")
    return bad("forms", f"A form without a login gets {response.status} instead of 401.", PRINT)


def way_to_login(probe: ProxyProbe, base_url: str) -> Finding:
    response = probe.send(path="/.latchkey/login?rd=/", headers=PAGE)
    if response.status == 303 and response.location.startswith(f"{base_url}/forward-auth/start?"):
        return ok("login", "The proxy passes /.latchkey/ to this site.")
    return bad("login", f"/.latchkey/ gets {response.status}: the proxy does not pass it to this site.", PRINT)


def forgeries(probe: ProxyProbe) -> Finding:
    forwarded = {"X-Forwarded-User": FORGED, "X-Forwarded-Uri": "/", "X-Forwarded-Method": "OPTIONS"}
    response = probe.send(headers=FORGERIES | forwarded)
    if response.status == 401:
        return ok("forged", "Forged Remote-User and X-Forwarded-* headers give no access.")
    return bad("forged", f"A request with a forged Remote-User gets {response.status} instead of 401.", PRINT)


def at_app(probe: ProxyProbe, echo: EchoApp) -> Iterator[Finding]:
    scheme = probe.url.scheme
    cookies = f"{login_cookie(scheme)}={FORGED}; theirs=1; {state_cookie(scheme)}={FORGED}"
    response = probe.send(
        headers=FORGERIES | probe.authorization | {"Cookie": cookies, "X-Forwarded-For": "192.0.2.55"}
    )
    if response.status != 200 or not echo.arrived:
        problem = f"With the token, the request gets {response.status} and does not reach the echo."
        yield bad(
            "app", problem, "Is --echo the --upstream of the configuration, and has the token the scope app:SLUG?"
        )
        return
    request = echo.arrived[-1]
    passed = [name for name in IDENTITY if FORGED in "".join(request.all(name))]
    yield (
        bad("identity", f"{', '.join(passed)} of a client reach the app.", PRINT)
        if passed
        else ok(
            "identity", f"The app gets Remote-User: {''.join(request.all('Remote-User'))}, and none that a client sent."
        )
    )
    leaked = FORGED in "".join(request.all("Cookie"))
    yield (
        bad("cookie", "The app gets the cookie of the login.", PRINT)
        if leaked
        else ok("cookie", "The app does not get the cookie of the login.")
    )
    yield (
        warn("token", "The app gets the token.", "This is correct if the rule leaves Authorization to the app.")
        if request.all("Authorization")
        else ok("token", "The app does not get the token.")
    )
    yield ip_address(request.all("X-Forwarded-For"), response.own_ip_address)
    yield socket(probe)
    yield upload(probe, echo)


def ip_address(forwarded: list[str], own_ip_address: str) -> Finding:
    if ",".join(forwarded) == own_ip_address:
        return ok("IP address", f"The app sees the IP address of the client, {own_ip_address}.")
    problem = (
        f"The app sees {', '.join(forwarded) or 'no IP address'} as the client, and this machine is {own_ip_address}."
    )
    return warn("IP address", problem, "This is correct if a router or another proxy is between them.")


def socket(probe: ProxyProbe) -> Finding:
    response = probe.send(headers=SOCKET | probe.authorization)
    if response.status == 101:
        return ok("WebSocket", "A WebSocket passes.")
    return bad("WebSocket", f"A WebSocket gets {response.status} instead of 101.", PRINT)


def upload(probe: ProxyProbe, echo: EchoApp) -> Finding:
    before = len(echo.arrived)
    response = probe.send("POST", headers=probe.authorization, body=bytes(UPLOAD))
    if response.status == 200 and len(echo.arrived) > before and echo.arrived[-1].length == UPLOAD:
        return ok("upload", "An upload of 50 MB passes.")
    return bad(
        "upload", f"An upload of 50 MB gets {response.status}.", "nginx: client_max_body_size 0; in the server block."
    )


def direct_access(url: str) -> Finding:
    if not url:
        return warn(
            "direct",
            "Whether the app can be reached without the proxy was not tested.",
            "Give --direct URL-OF-THE-APP.",
        )
    try:
        response = ProxyProbe(urlsplit(url)).send(headers=PAGE)
    except (OSError, http.client.HTTPException):
        return ok("direct", f"{url} cannot be reached from here.")
    if response.status in (401, 403):
        return ok("direct", f"{url} refuses requests that did not come through the proxy ({response.status}).")
    problem = (
        f"{url} answers {response.status} without the proxy: anyone who can reach it can pretend to be any user, by "
        "sending Remote-User."
    )
    return bad("direct", problem, "Bind the app to 127.0.0.1, close its port, or have it verify X-Latchkey-Assertion.")
