"""Host names with letters outside ASCII, in the form of the DNS and of most mail servers (IDNA 2008, RFC 5891)."""

from email.utils import formataddr, parseaddr

import idna


class InvalidHost(ValueError):
    """It is no host name."""


def ascii_host(host: str) -> str:
    """A host name in ASCII: each label with other letters as ``xn--…``; one in ASCII stays as it is.

    Raises:
        InvalidHost
    """
    if host.isascii():
        return host
    try:
        return idna.encode(host, uts46=True).decode()
    except idna.IDNAError as error:
        raise InvalidHost(host) from error


def ascii_email(email: str) -> str:
    """An e-mail address with its domain in ASCII, which every mail server takes; with another local part it stays.

    Args:
        email: such as ``ada@bücher.example``, or with a name before it.
    """
    name, plain = parseaddr(email)
    local, at, domain = plain.rpartition("@")
    if not at or not local.isascii() or domain.isascii():
        return email
    try:
        found = f"{local}@{ascii_host(domain)}"
    except InvalidHost:
        return email
    return formataddr((name, found), charset="utf-8") if name else found
