"""PathPattern: which paths a rule is for; canonical_path(): a path that proxy and app read alike."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal
from urllib.parse import unquote_to_bytes

from webapp.core.short_cache import short_cache

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


class InvalidPathPattern(ValueError):
    """It is no pattern."""


class PathPattern:
    """A pattern: ``*`` stands for anything within a segment, at the end for anything at all.

    ``/admin`` is for ``/admin`` and ``/admin/``, ``/admin/*`` also for everything below, ``/admin*`` for everything
    that begins so. Upper and lower case differ, but a path that differs from a pattern in them alone is refused.

    Raises:
        InvalidPathPattern
    """

    def __init__(self, text: str) -> None:
        if not PATTERN.fullmatch(text) or len(text) > LONGEST or "//" in text or "**" in text:
            raise InvalidPathPattern(text)
        if any(segment in (".", "..") for segment in text.split("/")):
            raise InvalidPathPattern(text)
        self.text = text
        self.is_for_all = text == "/*"
        self._pieces, self._loose_pieces = pieces_of(text), pieces_of(text.casefold())

    def matches(self, path: str) -> bool:
        """Whether a path matches this pattern.

        Args:
            path: decoded.
        """
        return self.is_for_all or self._pieces.match(path)

    def differs_in_case(self, path: str) -> bool:
        """Whether an app that does not tell capital letters apart would take the path for one of these."""
        return not self.is_for_all and not self._pieces.match(path) and self._loose_pieces.match(path.casefold())


@dataclass(frozen=True, slots=True)
class Pieces:
    """A pattern without regular expressions: the work of those grows with a power of the number of ``*``."""

    head: str
    """Without what ``end`` stands for."""
    end: Literal["", "below", "any"]
    """What may follow: nothing but a slash, whole segments, or anything."""
    segments: tuple[tuple[str, ...], ...]
    """Of ``head``, each split at ``*``; empty if there is none."""

    def match(self, path: str) -> bool:
        if self.segments:
            return self._match_segments(path)
        if self.end == "any":
            return path.startswith(self.head)
        return path in (self.head, self.head + "/") or (self.end == "below" and path.startswith(self.head + "/"))

    def _match_segments(self, path: str) -> bool:
        found, most = path.split("/"), len(self.segments)
        if not self.end and len(found) == most + 1 and not found[-1]:
            del found[-1]
        if len(found) < most or (not self.end and len(found) > most):
            return False
        return all(map(is_like, found, self.segments))


def pieces_of(text: str) -> Pieces:
    head, has_rest = (text[:-1], True) if text.endswith("*") else (text, False)
    end: Literal["", "below", "any"] = ("below" if head.endswith("/") else "any") if has_rest else ""
    head = head.rstrip("/")
    if "*" not in head:
        return Pieces(head, end, ())
    segments = [tuple(segment.split("*")) for segment in head.split("/")]
    if end == "any":
        segments[-1] = (*segments[-1], "")
    return Pieces(head, end, tuple(segments))


def is_like(segment: str, pieces: tuple[str, ...]) -> bool:
    """Whether a segment consists of these pieces in their order, with anything between them."""
    if len(pieces) == 1:
        return segment == pieces[0]
    first, *inner, last = pieces
    end = len(segment) - len(last)
    if len(first) > end or not segment.startswith(first) or not segment.endswith(last):
        return False
    at = len(first)
    for piece in inner:
        found = segment.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return True


@lru_cache(1024)
def pattern_of(text: str) -> PathPattern:
    return PathPattern(text)


@short_cache(4096)
def canonical_path(raw: str) -> str | None:
    """The decoded path, if proxy, this site and app must all read it in the same way; None otherwise.

    Refused are empty, ``.`` and ``..`` segments, path parameters, and escapes of what needs none or separates.

    Args:
        raw: as the client sent it, without the query.
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
