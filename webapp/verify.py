"""Verify the tokens of a Latchkey site in another Python service, offline: import this file, or copy it.

It needs only ``PyJWT[crypto]``. Create one verifier per process; threads may share it::

    verifier = Verifier("https://login.example.org", audience="https://api.example.org")

    def token_required(*scopes):
        def decorate(view):
            @functools.wraps(view)
            def guarded(*args, **kwargs):
                try:
                    g.caller = verifier.verify(bearer(request.headers.get("Authorization")), *scopes)
                except TokenError as error:
                    return {"title": error.title}, error.status, {"WWW-Authenticate": error.challenge}
                return view(*args, **kwargs)
            return guarded
        return decorate

Offline verification does not notice what happened since the token was issued: that it was revoked, or that its owner
was disabled or lost a role. The token is accepted until it expires, so use short lifetimes. A removed key is refused
within a minute. To check the present state, call ``POST /api/auth/introspect`` (RFC 7662) with a token that has the
scope ``tokens:introspect``.
"""

import base64
import binascii
import json
import logging
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPException
from math import isinf
from typing import Any
from urllib.error import HTTPError
from urllib.parse import unquote_to_bytes, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener
from uuid import UUID

import jwt as pyjwt

log = logging.getLogger(__name__)

TYP = "at+jwt"
HEADER = {"typ", "alg", "kid"}
SIZE = 8192
TOKEN = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)", re.ASCII)
REQUIRED = ("exp", "iat", "iss", "aud", "sub", "jti")
TIMES = ("exp", "iat", "nbf")
TEXTS = ("iss", "sub", "jti", "aud", "client_id", "scope")
ASSERTION_TYP = "forward-auth+jwt"
ASSERTION_REQUIRED = ("exp", "iat", "iss", "aud", "sub", "htm", "path", "preferred_username")
ASSERTION_HEADER = "HTTP_X_LATCHKEY_ASSERTION"
IDENTITY_HEADERS = ("HTTP_REMOTE_USER", "HTTP_REMOTE_EMAIL", "HTTP_REMOTE_NAME", "HTTP_REMOTE_GROUPS")
# The last second of the year 9999, the latest that ``datetime`` can represent.
END_OF_TIME = 253402300799

ALGORITHMS = {("EC", "P-256"): "ES256", ("OKP", "Ed25519"): "EdDSA", ("RSA", None): "RS256"}
MEMBERS = {"ES256": ("crv", "kty", "x", "y"), "EdDSA": ("crv", "kty", "x"), "RS256": ("e", "kty", "n")}
SECRET_MEMBERS = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}


class TokenError(Exception):
    """The token is not accepted. The message says why, for the log."""

    status, title, challenge = 401, "The token is not accepted", 'Bearer error="invalid_token"'


class Expired(TokenError):
    """The token was valid but has expired. ``claims`` are its verified claims."""

    def __init__(self, reason: str, claims: dict[str, Any]) -> None:
        super().__init__(reason)
        self.claims = claims


class Invalid(TokenError): ...


class ScopeMissing(TokenError):
    status, title, challenge = 403, "The token lacks a scope", 'Bearer error="insufficient_scope"'


class KeysUnavailable(TokenError):
    """The keys of the site cannot be fetched, so the token cannot be verified."""

    status, title, challenge = 503, "Tokens cannot be verified now", "Bearer"


@dataclass(frozen=True, slots=True)
class Verified:
    """A verified token."""

    sub: str
    scopes: frozenset[str]
    expires_at: datetime
    claims: Mapping[str, Any]


class Verifier:
    """Verifies the tokens of one site.

    Args:
        issuer: the URL of the site, exactly as in the ``iss`` of its tokens.
        audience: the ``aud`` that its tokens have for this service.
        leeway: seconds that the site's clock may be ahead of ours; not applied to the expiry.
    """

    def __init__(
        self, issuer: str, *, audience: str, leeway: float = 5, keys: "Callable[[str], Key] | None" = None
    ) -> None:
        self._issuer, self._audience, self._leeway = issuer, audience, leeway
        self._key = keys or PublishedKeys(f"{issuer}/.well-known/jwks.json").find

    def verify(self, token: str | None, *scopes: str, jkt: str | None = None) -> Verified:
        """Verify a token.

        Args:
            scopes: scopes that the token must have.
            jkt: thumbprint of the key whose DPoP proof you have checked; without it, a key-bound token is refused
                (RFC 9449 §7).

        Raises:
            TokenError: one of ``Invalid``, ``Expired``, ``ScopeMissing`` and ``KeysUnavailable``.
        """
        claims = claims_of(
            token or "", typ=TYP, issuer=self._issuer, audience=self._audience, leeway=self._leeway, find_key=self._key
        )
        confirmation = claims.get("cnf", {})
        if not isinstance(confirmation, dict) or set(confirmation) - {"jkt"} or confirmation.get("jkt") != jkt:
            raise Invalid("bound to a key that was not proven")
        granted = frozenset(claims.get("scope", "").split())
        if missing := set(scopes) - granted:
            raise ScopeMissing(" ".join(sorted(missing)))
        return Verified(claims["sub"], granted, datetime.fromtimestamp(claims["exp"], UTC), claims)


def bearer(header: str | None) -> str | None:
    """The token of an ``Authorization`` header with the scheme ``Bearer``; None for any other."""
    scheme, _, token = (header or "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


class AssertionVerifier:
    """Verifies ``X-Latchkey-Assertion``, with which a reverse proxy passes on who the user is (forward-auth).

    An app behind it need not trust ``Remote-User``, which everybody can send who reaches the app past the proxy. Of
    any WSGI app, this makes ``REMOTE_USER`` the verified user name, and every request without an assertion a 401::

        verifier = AssertionVerifier("https://login.example.org", audience="https://wiki.example.org")
        application = verifier.wsgi(application)

    In Flask, for some views alone::

        @app.before_request
        def read_user():
            g.user = verifier.claims_in(request.environ)["preferred_username"]
        app.register_error_handler(TokenError, lambda error: (error.title, error.status))

    Args:
        issuer: the URL of the site, exactly.
        audience: scheme and host of the app, as browsers open it; with the port if it is not that of the scheme.
        leeway: seconds that the site's clock may be ahead of ours.
    """

    def __init__(
        self, issuer: str, *, audience: str, leeway: float = 5, keys: "Callable[[str], Key] | None" = None
    ) -> None:
        self._issuer, self._audience, self._leeway = issuer, audience, leeway
        self._key = keys or PublishedKeys(f"{issuer}/.well-known/jwks.json").find

    def verify(self, assertion: str | None, *, method: str, path: str) -> dict[str, Any]:
        """The claims of an assertion that was made for this request.

        Args:
            method: of the request.
            path: of the request as the client has sent it, without the query.

        Raises:
            TokenError: one of ``Invalid``, ``Expired`` and ``KeysUnavailable``.
        """
        claims = self._claims(assertion, method)
        if claims["path"] != path:
            raise Invalid("made for another path")
        return claims

    def claims_in(self, environ: Mapping[str, Any]) -> dict[str, Any]:
        """The claims of the assertion of a WSGI request (PEP 3333).

        Raises:
            TokenError: one of ``Invalid``, ``Expired`` and ``KeysUnavailable``.
        """
        claims = self._claims(environ.get(ASSERTION_HEADER), environ["REQUEST_METHOD"])
        # Of a WSGI request only the decoded path is known.
        path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
        if unquote_to_bytes(claims["path"]) != path.encode("latin-1"):
            raise Invalid("made for another path")
        return claims

    def wsgi(self, app: Callable[..., Any], *, allow_anonymous: bool = False) -> Callable[..., Any]:
        """A WSGI app around another: ``REMOTE_USER`` is the verified user name, ``latchkey.claims`` has the claims.

        Args:
            allow_anonymous: whether requests with an empty assertion go on without a user, as of public paths.
        """

        def verified(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
            for name in ("REMOTE_USER", *IDENTITY_HEADERS):
                environ.pop(name, None)
            if environ.get(ASSERTION_HEADER) or not allow_anonymous:
                try:
                    claims = self.claims_in(environ)
                except TokenError as error:
                    log.info("assertion not accepted: %s", error)
                    start_response(f"{error.status} {error.title}", [("Content-Type", "text/plain")])
                    return [f"{error.title}\n".encode()]
                environ |= {"REMOTE_USER": claims["preferred_username"], "latchkey.claims": claims}
            return app(environ, start_response)

        return verified

    def _claims(self, assertion: str | None, method: str) -> dict[str, Any]:
        claims = claims_of(
            assertion or "",
            typ=ASSERTION_TYP,
            issuer=self._issuer,
            audience=self._audience,
            leeway=self._leeway,
            find_key=self._key,
            required=ASSERTION_REQUIRED,
        )
        if not all(isinstance(claims[name], str) for name in ASSERTION_REQUIRED[4:]):
            raise Invalid("htm, path or preferred_username is no text")
        if claims["htm"] != method:
            raise Invalid("made for another method")
        return claims


# Strict parsing: a token has exactly one spelling (RFC 8725 §3).


@dataclass(frozen=True, slots=True)
class Key:
    algorithm: str
    verifying: Any


def claims_of(
    token: str,
    *,
    typ: str,
    issuer: str,
    audience: str,
    leeway: float,
    find_key: Callable[[str], Key],
    required: tuple[str, ...] = REQUIRED,
) -> dict[str, Any]:
    """The claims of a token with a valid signature, valid claims and a valid time.

    Args:
        required: names of the claims that it must have.

    Raises:
        Expired: it was valid, but has expired.
        Invalid: it is not valid, or its key was removed.
    """
    header, claims = read(token)
    key = key_for_header(header, typ, find_key)
    has_what_is_required(claims, required)
    for rule in (has_times_as_numbers, has_texts_as_texts, has_canonical_ids):
        rule(claims)
    has_signature(token, key, issuer=issuer, audience=audience, required=required)
    is_in_time(claims, leeway)
    return claims


def key_for_header(header: dict[str, Any], typ: str, find_key: Callable[[str], Key]) -> Key:
    """The key that the header names. Neither the algorithm nor the key itself is taken from the token."""
    if header.keys() != HEADER and (not header.keys() >= HEADER or not all(map(is_own_member, header.keys() - HEADER))):
        raise Invalid("header has other members than typ, alg, kid and x-...")
    if header["typ"] != typ:
        raise Invalid(f"typ is not {typ}")
    if not isinstance(header["kid"], str):
        raise Invalid("kid is no text")
    key = find_key(header["kid"])
    if header["alg"] != key.algorithm:
        raise Invalid("alg does not match the key")
    return key


def is_own_member(name: str) -> bool:
    """Whether a header member is one of an app (RFC 7515 §4.3): verification ignores it, and no standard defines it."""
    return name.startswith("x-")


def read(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims, not verified yet.

    Raises:
        Invalid: the text is not a JWT.
    """
    if len(token) > SIZE:
        raise Invalid("too long")
    parts = TOKEN.fullmatch(token)
    if not parts:
        raise Invalid("not three parts of base64url")
    header, claims, _signature = (decode(part) for part in parts.groups())
    return load(header), load(claims)


def decode(part: str) -> bytes:
    try:
        raw = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except binascii.Error as error:
        raise Invalid("not base64url") from error
    # Unused bits at the end would allow several spellings of one token.
    if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != part:
        raise Invalid("not canonical base64url")
    return raw


def load(raw: bytes) -> dict[str, Any]:
    loaded = parse(raw)
    if not isinstance(loaded, dict):
        raise Invalid("not a JSON object")
    return loaded


def parse(raw: bytes) -> Any:
    try:
        # Decoded first, because json would accept UTF-16 in bytes.
        return json.loads(
            raw.decode(),
            object_pairs_hook=without_duplicates,
            parse_constant=refuse_constant,
            parse_float=finite,
        )
    # RecursionError: deeply nested brackets.
    except (ValueError, RecursionError) as error:
        raise Invalid("not JSON") from error


def without_duplicates(members: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(members)
    if len(table) != len(members):
        raise Invalid("a member comes twice")
    return table


def refuse_constant(name: str) -> float:
    raise Invalid(f"{name} is no JSON")


def finite(digits: str) -> float:
    """Parse a JSON number, but refuse one like 1e999, which Python reads as infinity and cannot write as JSON again."""
    if isinf(number := float(digits)):
        raise Invalid("a number is too large")
    return number


def has_what_is_required(claims: dict[str, Any], required: tuple[str, ...]) -> None:
    for name in required:
        if name not in claims:
            raise Invalid(f"{name} is missing")


def has_times_as_numbers(claims: dict[str, Any]) -> None:
    for name in TIMES:
        # Python counts true as a number, and PyJWT accepts "1". Comparisons with Infinity and NaN fail.
        if name in claims and not (type(claims[name]) in (int, float) and 0 <= claims[name] <= END_OF_TIME):
            raise Invalid(f"{name} is no moment")


def has_texts_as_texts(claims: dict[str, Any]) -> None:
    for name in TEXTS:
        if name in claims and not isinstance(claims[name], str):
            raise Invalid(f"{name} is no text")


def has_canonical_ids(claims: dict[str, Any]) -> None:
    """Refuse a UUID in another spelling than issued: lower case, ``jti`` without dashes, ``sub`` with dashes.

    ``UUID`` also accepts upper case, braces, ``urn:uuid:`` and underscores, so a revoked ID could be spelt differently
    from the one in a list of revoked IDs. Values that are not UUIDs are left to the lookup.
    """
    for name, spelling in (("jti", "hex"), ("sub", "urn")):
        try:
            found = UUID(claims.get(name, ""))
        except ValueError:
            continue
        if claims[name] != getattr(found, spelling).removeprefix("urn:uuid:"):
            raise Invalid(f"{name} is not in its canonical spelling")


def has_signature(token: str, key: Key, *, issuer: str, audience: str, required: tuple[str, ...] = REQUIRED) -> None:
    # ``is_in_time`` checks the times, without leeway for the expiry.
    options: Any = {"require": list(required), "strict_aud": True}
    options |= {"verify_exp": False, "verify_iat": False, "verify_nbf": False}
    try:
        pyjwt.decode(
            token, key.verifying, algorithms=[key.algorithm], issuer=issuer, audience=audience, options=options
        )
    except pyjwt.PyJWTError as error:
        raise Invalid(type(error).__name__) from error


def is_in_time(claims: dict[str, Any], leeway: float) -> None:
    now = time.time()
    if now >= claims["exp"]:
        raise Expired("exp has passed", claims)
    if max(claims["iat"], claims.get("nbf", 0)) > now + leeway:
        raise Invalid("iat or nbf is in the future")


# The published keys of the site.


def public_key(jwk: dict[str, Any]) -> Key:
    """The key of a public JWK.

    Raises:
        Invalid: it is not a public key for ES256, EdDSA or RS256, or it is too weak or too large.
    """
    crv = jwk.get("crv")
    algorithm = ALGORITHMS.get((str(jwk.get("kty")), crv if crv is None else str(crv)))
    if algorithm is None or jwk.get("alg", algorithm) != algorithm or jwk.get("use", "sig") != "sig":
        raise Invalid("no key that signs as we verify")
    if SECRET_MEMBERS & set(jwk):
        raise Invalid("a private key")
    members = {name: jwk.get(name) for name in MEMBERS[algorithm]}
    if not all(isinstance(value, str) and value.isascii() for value in members.values()):
        raise Invalid("members are no texts")
    try:
        key = pyjwt.PyJWK(members, algorithm).key
    # binascii.Error is a ValueError.
    except (pyjwt.PyJWTError, ValueError, TypeError) as error:
        raise Invalid("no key") from error
    # Very large keys would make verification slow.
    if algorithm == "RS256" and not (2048 <= key.key_size <= 8192 and 65537 <= key.public_numbers().e < 2**32):
        raise Invalid("an RSA key that is too weak, or too much")
    return Key(algorithm, key)


@dataclass(frozen=True, slots=True)
class KeySet:
    """An immutable snapshot of the keys, replaced as a whole so that threads see the old or the new one."""

    by_kid: Mapping[str, Key]
    fetched_at: float


class PublishedKeys:
    """A JWKS that is fetched on demand, by one thread at a time and at a limited rate, whatever tokens are sent.

    Args:
        fresh: seconds for which the keys are used without a new fetch; a removed key is accepted for this long at most.
        pause: minimum seconds between two fetches; a new key is refused for this long at most.
        stale: seconds for which the last keys stay in use while the site does not answer.
        fetch: another way to fetch the body at the URL, which then decides what URLs may be fetched.
    """

    def __init__(
        self,
        url: str,
        *,
        fresh: float = 60,
        pause: float = 10,
        stale: float = 3600,
        fetch: "Callable[[str], bytes] | None" = None,
    ) -> None:
        parts = urlsplit(url)
        if fetch is None and parts.scheme != "https" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
            raise ValueError("keys come by https, or from this very machine")
        self._url, self._fresh, self._pause, self._stale, self._fetch = url, fresh, pause, stale, fetch or fetched
        self._set, self._tried_at, self._turn = KeySet({}, -float("inf")), -float("inf"), threading.Lock()

    def find(self, kid: str) -> Key:
        """The key with this ID.

        Raises:
            Invalid: the site has no such key.
            KeysUnavailable: the site does not answer, and the last keys are too old.
        """
        if kid not in self._set.by_kid or self._age() > self._fresh:
            self._renew(is_urgent=kid not in self._set.by_kid or self._age() > self._stale)
        if self._age() > self._stale:
            raise KeysUnavailable("no keys, or only old ones")
        if kid not in (found := self._set.by_kid):
            raise Invalid("kid is unknown")
        return found[kid]

    def _age(self) -> float:
        return time.monotonic() - self._set.fetched_at

    def _renew(self, *, is_urgent: bool) -> None:
        # A thread that can continue with the known keys does not wait for a fetch by another thread.
        if not self._turn.acquire(timeout=TIMEOUT if is_urgent else 0):
            return
        try:
            if time.monotonic() - self._tried_at >= self._pause:
                self._tried_at = time.monotonic()
                self._set = KeySet(keys_in(self._fetch(self._url)), self._tried_at)
        except (OSError, HTTPException, ValueError, TokenError):
            log.warning("keys not fetched", exc_info=True)
        finally:
            self._turn.release()


TIMEOUT = 5.0
LARGEST, MAX_KEYS = 64 * 1024, 32


def keys_in(raw: bytes) -> dict[str, Key]:
    """The usable keys of a JWKS; others are ignored (RFC 7517 §5)."""
    jwks = load(raw).get("keys")
    if not isinstance(jwks, list) or len(jwks) > MAX_KEYS:
        raise Invalid("no set of keys")
    found: dict[str, Key] = {}
    for jwk in jwks:
        if not isinstance(jwk, dict) or not isinstance(kid := jwk.get("kid"), str):
            continue
        if kid in found:
            raise Invalid("a kid comes twice")
        try:
            found[kid] = public_key(jwk)
        except Invalid as error:
            log.warning("key left out: %s", error)
    return found


class NoRedirects(HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def fetched(url: str) -> bytes:
    """The body at a URL, within limits of time and size, without redirects.

    Raises:
        OSError: it cannot be fetched within the limits.
    """
    deadline, body = time.monotonic() + TIMEOUT, b""
    # A proxy in between may have cached an older response.
    request = Request(url, headers={"Accept": "application/jwk-set+json", "Cache-Control": "no-cache"})  # noqa: S310
    try:
        with build_opener(NoRedirects).open(request, timeout=TIMEOUT) as response:
            while chunk := response.read1(LARGEST):
                body += chunk
                if len(body) > LARGEST or time.monotonic() > deadline:
                    raise OSError("too large or too slow")
    except HTTPError as error:
        error.close()
        raise OSError(f"status {error.code}") from None
    return body
