"""Search filters and names of LDAP with placeholders, whose values cannot change what they stand in."""

import re
from collections.abc import Iterator, Mapping

from webapp.core.ber import element, octets

AND, OR, NOT, EQUAL, SUBSTRINGS, GREATER, LESS, PRESENT, APPROXIMATE, EXTENSIBLE = (
    *(0xA0, 0xA1, 0xA2, 0xA3, 0xA4),
    *(0xA5, 0xA6, 0x87, 0xA8, 0xA9),
)
INITIAL, ANY, FINAL = 0x80, 0x81, 0x82
RULE, TYPE, VALUE, WITH_DN = 0x81, 0x82, 0x83, 0x84
ITEM = re.compile(
    r"(?P<type>[A-Za-z0-9.;-]*)(?P<dn>:dn)?(?::(?P<rule>[A-Za-z0-9.-]+))?(?P<kind>:=|~=|>=|<=|=)(?P<value>[^()\0]*)"
)
KINDS = {"~=": APPROXIMATE, ">=": GREATER, "<=": LESS}
PIECE = re.compile(r"\{[a-z]+\}|\\[0-9A-Fa-f]{2}|[^\\{}]+")
DEEPEST = 20
UNSAFE_IN_NAMES = re.compile(r'[,+"\\<>;=\0]')


class InvalidLdapFilter(ValueError):
    """A filter or template that is not valid. The message is for the operator."""


def encoded_filter(template: str, values: Mapping[str, str]) -> bytes:
    """A filter (RFC 4515) in BER, with its placeholders such as ``{name}`` filled in.

    The template is parsed first and its values are filled in afterwards, so that parentheses and asterisks in a value
    are nothing but characters.

    Raises:
        InvalidLdapFilter: the template is not a filter, or has another placeholder.
    """
    encoded, end = filter_at(template.strip(), 0, values, DEEPEST)
    if end != len(template.strip()):
        raise InvalidLdapFilter(f"{template!r} goes on after its filter")
    return encoded


def filter_at(text: str, at: int, values: Mapping[str, str], depth: int) -> tuple[bytes, int]:
    """The filter at a position, and the position after it."""
    if not depth or text[at : at + 1] != "(":
        raise InvalidLdapFilter(f"{text!r} is not a filter such as (uid={{name}})")
    tag = {"&": AND, "|": OR, "!": NOT}.get(text[at + 1 : at + 2])
    if tag is None:
        return item_at(text, at + 1, values)
    inner, at = [], at + 2
    while text[at : at + 1] == "(":
        encoded, at = filter_at(text, at, values, depth - 1)
        inner.append(encoded)
    if text[at : at + 1] != ")" or not inner or (tag == NOT and len(inner) > 1):
        raise InvalidLdapFilter(f"{text!r} lacks a parenthesis or a filter inside one")
    return element(tag, *inner), at + 1


def item_at(text: str, at: int, values: Mapping[str, str]) -> tuple[bytes, int]:
    match = ITEM.match(text, at)
    if match is None or text[match.end() : match.end() + 1] != ")":
        raise InvalidLdapFilter(f"{text!r} is not a filter such as (uid={{name}})")
    if match["kind"] == ":=":
        is_fit = bool(match["type"] or match["rule"])
    else:
        is_fit = bool(match["type"]) and not (match["dn"] or match["rule"])
    if not is_fit:
        raise InvalidLdapFilter(f"{match[0]!r} is not a filter")
    return encoded_item(match, values), match.end() + 1


def encoded_item(match: re.Match[str], values: Mapping[str, str]) -> bytes:
    kind, attribute, value = match["kind"], match["type"], match["value"]
    if kind == ":=":
        rule = (element(RULE, match["rule"].encode()),) if match["rule"] else ()
        type_ = (element(TYPE, attribute.encode()),) if attribute else ()
        with_dn = (element(WITH_DN, b"\xff"),) if match["dn"] else ()
        return element(EXTENSIBLE, *rule, *type_, element(VALUE, filled(value, values)), *with_dn)
    if kind == "=" and value == "*":
        return element(PRESENT, attribute.encode())
    if kind == "=" and "*" in value:
        return element(SUBSTRINGS, octets(attribute), element(0x30, *substrings(value.split("*"), values)))
    return element(KINDS.get(kind, EQUAL), octets(attribute), octets(filled(value, values)))


def substrings(pieces: list[str], values: Mapping[str, str]) -> Iterator[bytes]:
    last = len(pieces) - 1
    tags = (INITIAL if at == 0 else FINAL if at == last else ANY for at in range(len(pieces)))
    return (element(tag, filled(piece, values)) for tag, piece in zip(tags, pieces, strict=True) if piece)


def filled(template: str, values: Mapping[str, str]) -> bytes:
    pieces = PIECE.findall(template)
    if "".join(pieces) != template:
        raise InvalidLdapFilter(f"{template!r} has a brace or backslash that begins nothing")
    return b"".join(filled_piece(piece, values) for piece in pieces)


def filled_piece(piece: str, values: Mapping[str, str]) -> bytes:
    if piece.startswith("\\"):
        return bytes.fromhex(piece[1:])
    if not piece.startswith("{"):
        return piece.encode()
    if piece[1:-1] not in values:
        raise InvalidLdapFilter(f"{piece} is not known; there is {', '.join(f'{{{name}}}' for name in values)}")
    return values[piece[1:-1]].encode()


def escaped_in_dn(value: str) -> str:
    """A value as part of a distinguished name (RFC 4514 §2.4)."""
    escaped = UNSAFE_IN_NAMES.sub(lambda found: f"\\{ord(found[0]):02x}", value)
    if escaped.startswith(("#", " ")):
        escaped = f"\\{ord(escaped[0]):02x}{escaped[1:]}"
    return f"{escaped[:-1]}\\20" if escaped.endswith(" ") and len(escaped) > 1 else escaped


def dn_key(dn: str) -> tuple[tuple[str, str], ...]:
    """Attributes and values of a distinguished name, comparable; the first is the entry itself."""
    parts = re.split(r"(?<!\\),", dn)
    pairs = (part.strip().partition("=") for part in parts)
    return tuple((name.strip().lower(), value.strip().casefold()) for name, _, value in pairs)


def is_same_group(group: str, dn: str) -> bool:
    """Whether a group has this distinguished name, or, for a word without ``=``, this name."""
    key = dn_key(dn)
    return key == dn_key(group) if "=" in group else key[0][1] == group.casefold()
