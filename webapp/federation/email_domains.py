"""Domains of e-mail addresses: which a provider is authoritative for, and which get an account."""

from collections.abc import Iterable

import idna

from webapp.accounts.names import InvalidEmail, checked_email
from webapp.core.combining_marks import normalized
from webapp.federation.provider_identity import ProviderIdentity


def verified_email(identity: ProviderIdentity) -> str | None:
    """The e-mail address that the provider says it has verified; None for any other, and for one that is not valid.

    None also for one whose normal form may be another mailbox.
    """
    if not identity.email_verified:
        return None
    try:
        email = checked_email(identity.email)
    except InvalidEmail:
        return None
    return email if is_same_mailbox(email, identity.email) else None


def is_within(email: str, domains: Iterable[str]) -> bool:
    """Whether the domain of an e-mail address is one of these; ``*`` is any, and subdomains are other domains."""
    domain = domain_key(email.rpartition("@")[2])
    return any(one == "*" or domain_key(one) == domain for one in domains)


def is_same_mailbox(one: str, other: str) -> bool:
    """Whether two e-mail addresses differ at most in case and in how the domain is written.

    The keys of ``accounts.names`` do not suffice: they treat ß as ss, ς as σ, and a ligature as its letters.
    """
    return mailbox_key(one) == mailbox_key(other)


def mailbox_key(email: str) -> str:
    local, _at, domain = email.strip().rpartition("@")
    return f"{lowered(local)}@{domain_key(domain)}"


def domain_key(domain: str) -> str:
    """A domain in the form that the DNS uses (UTS #46, not transitional)."""
    plain = lowered(domain.strip())
    try:
        return idna.encode(plain, uts46=True).decode()
    except (idna.IDNAError, UnicodeError):
        return plain


def lowered(text: str) -> str:
    return normalized("NFC", normalized("NFC", text).lower())
