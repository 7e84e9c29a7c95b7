"""Domains of e-mail addresses: which a provider is authoritative for, and which get an account."""

from collections.abc import Iterable

from webapp.accounts.names import EmailUnfit, checked_address, normalized_key
from webapp.federation.upstream_identity import UpstreamIdentity


def verified_address(identity: UpstreamIdentity) -> str | None:
    """The e-mail address that the provider says it has verified; None for any other, and for one that is not valid."""
    if not identity.email_verified:
        return None
    try:
        return checked_address(identity.email)
    except EmailUnfit:
        return None


def is_within(address: str, domains: Iterable[str]) -> bool:
    """Whether the domain of an address is one of these; ``*`` is any, and subdomains are other domains."""
    domain = normalized_key(address).rpartition("@")[2]
    return any(one == "*" or normalized_key(one) == domain for one in domains)
