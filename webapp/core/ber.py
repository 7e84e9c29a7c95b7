"""BER as LDAP uses it (RFC 4511 §5.1): tags of one byte, and lengths that are known in advance."""

BOOLEAN, INTEGER, OCTETS, ENUMERATED, SEQUENCE, SET = 0x01, 0x02, 0x04, 0x0A, 0x30, 0x31
LONGEST_LENGTH = 4
"""Bytes of a length."""


class NotBer(ValueError):
    """Bytes that are not BER, or BER that LDAP does not allow."""


def element(tag: int, *contents: bytes) -> bytes:
    content = b"".join(contents)
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content


def integer(value: int, tag: int = INTEGER) -> bytes:
    """A number that is not negative."""
    return element(tag, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def octets(value: str | bytes) -> bytes:
    return element(OCTETS, value.encode() if isinstance(value, str) else value)


def number_in(content: bytes) -> int:
    if not 0 < len(content) <= LONGEST_LENGTH:
        raise NotBer("a number without content, or a huge one")
    return int.from_bytes(content, "big", signed=True)


def bytes_of_length(second: int) -> int:
    """How many bytes of length follow, by the second byte of an element; 0 if it is the length."""
    count = second & 0x7F if second & 0x80 else 0
    if second == 0x80 or count > LONGEST_LENGTH:
        raise NotBer("a length that is not known in advance, or a huge one")
    return count


def elements_in(content: bytes) -> list[tuple[int, bytes]]:
    """Tag and content of each element.

    Raises:
        NotBer
    """
    found, at = [], 0
    while at < len(content):
        if at + 2 > len(content):
            raise NotBer("cut off")
        tag, second = content[at], content[at + 1]
        start = at + 2 + bytes_of_length(second)
        size = int.from_bytes(content[at + 2 : start], "big") if second & 0x80 else second
        if start + size > len(content):
            raise NotBer("cut off")
        found.append((tag, content[start : start + size]))
        at = start + size
    return found


def only(content: bytes, *tags: int) -> list[bytes]:
    """The contents of the first elements, which must have these tags.

    Raises:
        NotBer
    """
    found = elements_in(content)
    if tuple(tag for tag, _value in found[: len(tags)]) != tags:
        raise NotBer("other elements than expected")
    return [value for _tag, value in found[: len(tags)]]
