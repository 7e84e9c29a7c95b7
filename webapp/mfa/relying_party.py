"""RelyingParty: this site as a WebAuthn relying party, under its present URL and its former ones."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from ipaddress import ip_address
from urllib.parse import urlsplit

from webapp.settings.urls import is_exposed, origin_of


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """This site as a WebAuthn relying party (WebAuthn §4)."""

    id: str
    """A host name; browsers refuse IP addresses."""
    origin: str
    name: str
    former_ids: tuple[str, ...] = ()
    """Host names of former URLs, whose passkeys work at ``origin`` too (related origins, WebAuthn L3 §5.11)."""

    @property
    def ids(self) -> tuple[str, ...]:
        return self.id, *self.former_ids

    def under(self, rp_id: str | None) -> "RelyingParty | None":
        """This site with one of its IDs, as a passkey names it; None for an ID of another site."""
        rp_id = rp_id or self.id
        return replace(self, id=rp_id, former_ids=()) if rp_id in self.ids else None


def party_of(base_url: str, site_name: str, former_urls: Iterable[str] = ()) -> RelyingParty | None:
    """The relying party of a site; None if browsers create no passkey at its URL.

    That is so at an IP address (WebAuthn §5.1.2), and for other machines over plain HTTP (Secure Contexts §3.1).
    """
    host, *former = (urlsplit(url).hostname or "" for url in (base_url, *former_urls))
    if is_ip_address(host) or is_exposed(base_url):
        return None
    former_ids = dict.fromkeys(name for name in former if name != host and not is_ip_address(name))
    return RelyingParty(host, origin_of(base_url), site_name, tuple(former_ids))


def is_ip_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
