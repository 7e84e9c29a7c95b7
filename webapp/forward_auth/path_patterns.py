"""PathPattern: which paths a rule is for; canonical_path(): a path that proxy and app read alike."""

import re
from functools import lru_cache
from urllib.parse import unquote_to_bytes

LONGEST = 200
"""Characters of a pattern."""
PATTERN = re.compile(r"/[A-Za-z0-9._~!$&'()+,=:@/*-]*")
ESCAPE = re.compile("%([0-9A-Fa-f]{2})")
PLAIN = re.compile(r"[A-Za-z0-9._~!$&'()*+,=:@%/-]+")
"""Characters of a path (RFC 3986 §3.3) but for ``;``, whose parameters some apps cut off."""
AMBIGUOUS = frozenset(
    b"%./\\;?#" + bytes(range(32)) + b"\x7f" + b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_~"
)
"""Bytes whose escape some apps read as if it stood there plainly, or that need none."""


class PatternUnfit(ValueError):
    """It is no pattern."""


class PathPattern:
    """A pattern: ``*`` stands for anything within a segment, at the end for anything at all.

    ``/admin`` is for ``/admin`` and ``/admin/``, ``/admin/*`` also for everything below, ``/admin*`` for everything
    that begins so. Capital letters are told apart, but a path that differs from a pattern in them alone is refused.

    Raises:
        PatternUnfit
    """

    def __init__(self, text: str) -> None:
        if not PATTERN.fullmatch(text) or len(text) > LONGEST or "//" in text or "**" in text:
            raise PatternUnfit(text)
        if any(segment in (".", "..") for segment in text.split("/")):
            raise PatternUnfit(text)
        self.text = text
        self.is_for_all = text == "/*"
        head, has_rest = (text[:-1], True) if text.endswith("*") else (text, False)
        inner = "[^/]*".join(re.escape(part) for part in head.rstrip("/").split("*"))
        end = "/?" if not has_rest else "(?:/.*)?" if head.endswith("/") else ".*"
        self._strict = re.compile(inner + end, re.DOTALL)
        self._loose = re.compile(inner + end, re.DOTALL | re.IGNORECASE)

    def matches(self, path: str) -> bool:
        """
        Args:
            path: decoded.
        """
        return self.is_for_all or self._strict.fullmatch(path) is not None

    def differs_in_case(self, path: str) -> bool:
        """Whether an app that does not tell capital letters apart would take the path for one of these."""
        return not self.is_for_all and self._strict.fullmatch(path) is None and self._loose.fullmatch(path) is not None


@lru_cache(1024)
def pattern_of(text: str) -> PathPattern:
    return PathPattern(text)


@lru_cache(4096)
def canonical_path(raw: str) -> str | None:
    """The decoded path, if proxy, this site and app must all read it in the same way; None otherwise.

    Refused are empty, ``.`` and ``..`` segments, path parameters, and escapes of what needs none or separates.

    Args:
        raw: as it stands in the request, without the query.
    """
    if not raw.startswith("/") or not PLAIN.fullmatch(raw) or "//" in raw:
        return None
    if "/." in raw and any(segment in (".", "..") for segment in raw.split("/")):
        return None
    if "%" not in raw:
        return raw
    if raw.count("%") != len(escapes := ESCAPE.findall(raw)):
        return None
    if any(int(escape, 16) in AMBIGUOUS for escape in escapes):
        return None
    try:
        return unquote_to_bytes(raw).decode()
    except UnicodeDecodeError:
        return None
