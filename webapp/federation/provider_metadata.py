"""MetadataCache: what providers publish about themselves (OpenID Connect Discovery 1.0), and their keys."""

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from webapp.federation.checks import Check, LoginFailed
from webapp.federation.provider_http import UpstreamHttp
from webapp.verify import PublishedKeys

FRESH, PAUSE, STALE = 3600.0, 10.0, 86400.0
"""Seconds: for which metadata are used without a new request; between two requests; for which they are used at most."""
MOST_PROVIDERS = 256
REQUIRED = "authorization_endpoint", "token_endpoint", "jwks_uri"
OPTIONAL = "userinfo_endpoint", "end_session_endpoint"
WELL_KNOWN = "/.well-known/openid-configuration"


@dataclass(frozen=True, slots=True)
class ProviderMetadata:
    issuer: str
    endpoints: Mapping[str, str]
    """URLs by their name in OpenID Connect Discovery 1.0 §3."""
    keys: PublishedKeys
    sends_response_issuer: bool
    """Whether its metadata announce ``iss`` in responses (RFC 9207)."""
    sends_secret_in_body: bool
    """Whether the client secret goes into the body, because the provider does not take Basic."""


@dataclass(slots=True)
class CachedMetadata:
    metadata: ProviderMetadata | None = None
    fetched_at: float = -float("inf")
    tried_at: float = -float("inf")
    turn: threading.Lock = field(default_factory=threading.Lock)

    @property
    def age(self) -> float:
        return time.monotonic() - self.fetched_at


class MetadataCache:
    """One thread at a time fetches the metadata of an issuer, at a limited rate."""

    def __init__(self, http: UpstreamHttp) -> None:
        self._http = http
        self._cached: dict[str, CachedMetadata] = {}

    def find(self, issuer: str) -> ProviderMetadata:
        """The metadata of an issuer.

        Raises:
            LoginFailed: there are none, or they are not those of the issuer.
        """
        if issuer not in self._cached and len(self._cached) >= MOST_PROVIDERS:
            self._cached.clear()
        cached = self._cached.setdefault(issuer, CachedMetadata())
        if cached.age > FRESH:
            self._renew(issuer, cached)
        if cached.metadata is None or cached.age > STALE:
            raise LoginFailed(Check.METADATA, f"the metadata of {issuer} could not be fetched a moment ago")
        return cached.metadata

    def forget(self, issuer: str) -> None:
        """Fetch the metadata again at the next use, as after a change by an administrator."""
        self._cached.pop(issuer, None)

    def _renew(self, issuer: str, cached: CachedMetadata) -> None:
        is_usable = cached.metadata is not None and cached.age <= STALE
        if not cached.turn.acquire(timeout=0 if is_usable else PAUSE / 2):
            return
        try:
            if cached.age > FRESH and time.monotonic() - cached.tried_at >= PAUSE:
                cached.tried_at = time.monotonic()
                cached.metadata, cached.fetched_at = self._fetch(issuer, cached.metadata), time.monotonic()
        except LoginFailed:
            if not is_usable:
                raise
        finally:
            cached.turn.release()

    def _fetch(self, issuer: str, former: ProviderMetadata | None) -> ProviderMetadata:
        published = self._http.json(Check.METADATA, f"{issuer.rstrip('/')}{WELL_KNOWN}")
        if published.get("issuer") != issuer:
            raise LoginFailed(Check.METADATA, f"the issuer there is {quoted(published.get('issuer'))}, not {issuer}")
        endpoints = endpoints_in(published, issuer)
        is_same = former is not None and former.endpoints["jwks_uri"] == endpoints["jwks_uri"]
        # The former keys have the time at which they were fetched, so that the rate of requests stays limited.
        keys = former.keys if former is not None and is_same else PublishedKeys(endpoints["jwks_uri"], fetch=self._keys)
        methods = published.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        return ProviderMetadata(
            issuer,
            endpoints,
            keys,
            sends_response_issuer=published.get("authorization_response_iss_parameter_supported") is True,
            sends_secret_in_body=isinstance(methods, list) and "client_secret_basic" not in methods,
        )

    def _keys(self, url: str) -> bytes:
        try:
            published = self._http.json(Check.SIGNATURE, url)
        except LoginFailed as error:
            raise OSError(error.detail) from error
        return json.dumps(with_kid(published)).encode()


def with_kid(published: dict[str, Any]) -> dict[str, Any]:
    """A JWKS whose only key also has an empty ``kid``, by which tokens without ``kid`` find it (OpenID Core §10.1)."""
    keys = published.get("keys")
    if isinstance(keys, list) and len(keys) == 1 and isinstance(keys[0], dict) and keys[0].get("kid") != "":
        return {"keys": [keys[0], keys[0] | {"kid": ""}]}
    return published


def endpoints_in(published: Mapping[str, Any], issuer: str) -> dict[str, str]:
    """The endpoint URLs in the metadata of an OpenID provider, checked.

    Raises:
        LoginFailed: one is missing or is no URL, or the browser would go to http:// although the issuer has https://.
    """
    found = {}
    for name in (*REQUIRED, *OPTIONAL):
        url = published.get(name)
        if url is None and name in OPTIONAL:
            continue
        if not isinstance(url, str) or not is_endpoint(url, issuer):
            raise LoginFailed(Check.METADATA, f"{name} is {quoted(url)}")
        found[name] = url
    return found


def is_endpoint(url: str, issuer: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    allowed = {"https"} if issuer.startswith("https://") else {"https", "http"}
    is_plain = url.isascii() and url.isprintable() and " " not in url and not parts.fragment
    return parts.scheme in allowed and bool(parts.hostname) and parts.username is None and is_plain


def quoted(value: object) -> str:
    """What a provider sent, shortened, for the operator."""
    return ascii(value)[:200] if value is not None else "missing"
