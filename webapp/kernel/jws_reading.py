"""Strict reading of a token's text: one way to write it, one way to read it."""

import base64
import binascii
import json
import re
from typing import Any

SIZE = 8192
TOKEN = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)", re.ASCII)


class TokenError(Exception):
    """The token is not accepted; the message says why, for the log alone."""


class Expired(TokenError): ...


class Invalid(TokenError): ...


def read(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims, nothing of which is trusted yet.

    Raises:
        Invalid: whatever the text is.
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
    # Bits left over at the end would let one token be written in several ways.
    if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != part:
        raise Invalid("not canonical base64url")
    return raw


def load(raw: bytes) -> dict[str, Any]:
    try:
        # From text, for from bytes json would take UTF-16 too.
        loaded = json.loads(raw.decode(), object_pairs_hook=without_duplicates, parse_constant=refuse_constant)
    # RecursionError: thousands of brackets.
    except (ValueError, RecursionError) as error:
        raise Invalid("not JSON") from error
    if not isinstance(loaded, dict):
        raise Invalid("not a JSON object")
    return loaded


def without_duplicates(members: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(members)
    if len(table) != len(members):
        raise Invalid("a member comes twice")
    return table


def refuse_constant(name: str) -> float:
    raise Invalid(f"{name} is no JSON")
