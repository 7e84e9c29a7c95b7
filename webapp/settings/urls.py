"""The public URL of the site and its former ones: what may be written, and the one spelling that is used."""

import re
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from webapp.settings.fields import SettingsError
from webapp.settings.idn import InvalidHost, ascii_host

HOST = re.compile(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?")
PATH = re.compile(r"(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]{0,63}){0,5}/?")
PORTS = {"http": 80, "https": 443}
LONGEST = 200
"""Characters; tokens contain the URL, and a column stores it."""


def base_url(value: str, *, bind: str, allow_http: bool = False) -> str:
    """The public URL as browsers write it: host in ASCII, no trailing slash, no default port.

    Args:
        bind: the IP address and port that the URL is derived from if ``value`` is empty.
        allow_http: whether ``value`` may be ``http://`` for other machines.
    """
    parts = parsed(value or default_url(bind), variable="WEBAPP_BASE_URL")
    if is_exposed(parts) and not (allow_http and value):
        raise SettingsError(
            "WEBAPP_BASE_URL must start with https://, unless its host is this machine. On a network without TLS, where"
            " everybody can read passwords, WEBAPP_ALLOW_PLAIN_HTTP=true permits http://."
            if value
            else "WEBAPP_BASE_URL must be set, because WEBAPP_BIND accepts connections from other machines."
        )
    return written(parts)


def former_base_urls(values: tuple[str, ...], *, own: str, bind: str) -> tuple[str, ...]:
    """Former public URLs in the same spelling, without ``own``; each once, in their order."""
    # Where the URL is the default one, it was http:// and WEBAPP_BIND in former versions.
    implied = (f"http://{bind}",) if own == default_url(bind) else ()
    urls = [written(parsed(value, variable="WEBAPP_FORMER_BASE_URLS")) for value in (*values, *implied)]
    return tuple(url for url in dict.fromkeys(urls) if url != own)


def default_url(bind: str) -> str:
    """The URL of a site without ``WEBAPP_BASE_URL``; by name, since browsers make no passkeys for an IP address."""
    host, _, port = bind.rpartition(":")
    name = "localhost" if host in ("127.0.0.1", "[::1]") else host
    return f"http://{name}" + ("" if port == "80" else f":{port}")


def parsed(url: str, *, variable: str) -> SplitResult:
    refusal = SettingsError(
        f"{variable} must be http(s)://host or http(s)://host:port, with or without a path, not {url!r}."
    )
    url = with_ascii_host(url)
    # urlsplit silently removes line breaks and tabs.
    if not re.fullmatch(r"[\x21-\x7e]+", url) or len(url) > LONGEST or "?" in url or "#" in url:
        raise refusal
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise refusal from error
    rest = not PATH.fullmatch(parts.path) or "@" in parts.netloc or parts.netloc.endswith(":") or port == 0
    if parts.scheme not in PORTS or rest or not is_host(parts.hostname or ""):
        raise refusal
    return parts


def with_ascii_host(url: str) -> str:
    """``https://bücher.example`` as ``https://xn--bcher-kva.example``, which browsers send."""
    head, separator, rest = url.partition("://")
    end = next((place for place, character in enumerate(rest) if character in ":/?#"), len(rest))
    try:
        return head + separator + ascii_host(rest[:end]) + rest[end:]
    except InvalidHost:
        return url


def written(parts: SplitResult) -> str:
    host, port = parts.hostname or "", parts.port
    name = f"[{host}]" if ":" in host else host
    place = name if port in (None, PORTS[parts.scheme]) else f"{name}:{port}"
    return f"{parts.scheme}://{place}{parts.path.rstrip('/')}"


def origin_of(url: str) -> str:
    """Scheme, host and port of a URL in our spelling."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def is_exposed(url: str | SplitResult) -> bool:
    """Whether what is sent to the URL leaves this machine unencrypted."""
    parts = urlsplit(url) if isinstance(url, str) else url
    return parts.scheme == "http" and not is_loopback(parts.hostname or "")


def is_host(name: str) -> bool:
    return ":" in name or HOST.fullmatch(name) is not None


def is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
