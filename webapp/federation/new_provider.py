"""from_preset(): the settings of a new provider, from a preset and the values that were entered."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from sqlalchemy.orm import Session

from webapp.core.outgoing_http import PrivateHosts
from webapp.federation import providers
from webapp.federation.lifecycle import NewProvider
from webapp.federation.models import LoginProvider
from webapp.federation.provider_metadata import is_endpoint
from webapp.federation.provider_preset import InvalidPreset, ProviderPreset
from webapp.federation.provider_settings import InvalidProvider, checked_issuer
from webapp.federation.reachable_hosts import refuse_unreachable
from webapp.federation.subject_settings import refuse_same_issuer

COMMON_LABELS = {"accounts", "auth", "id", "idp", "login", "oauth", "oidc", "sso", "www"}
"""First labels of host names that say nothing of the provider."""


def from_preset(
    db: Session, preset: ProviderPreset, *, issuer_or_tenant: str = "", slug: str = "", **fields: Any
) -> NewProvider:
    """Build the settings of a new provider from a preset and the values that differ from it.

    Args:
        issuer_or_tenant: tenant, URL or issuer, as the preset needs it.
        slug: short name in URLs; empty for one like the name, the host or the preset.
        fields: fields of ``ProviderSettings`` that are not as the preset has them; empty ones count as not chosen.

    Raises:
        InvalidProvider
    """
    overrides = {name: value for name, value in fields.items() if value not in (None, "", [], {})}
    issuer = issuer_of(preset, issuer_or_tenant or origin_of(overrides.get("endpoints", {})))
    usual: dict[str, Any] = {
        "client_id": "",
        "name": preset.name,
        "scopes": list(preset.scopes),
        "endpoints": dict(preset.endpoints),
        "claim_names": dict(preset.claim_names),
        "position": providers.next_position(db),
    }
    return NewProvider(
        slug=slug or usual_slug(db, preset, issuer, str(overrides.get("name", ""))),
        kind=preset.kind,
        preset=preset.key,
        **usual | {"issuer": issuer} | overrides,
    )


def issuer_of(preset: ProviderPreset, issuer_or_tenant: str) -> str:
    """The issuer URL of a preset for the entered tenant or URL; its error as one of provider settings.

    Raises:
        InvalidProvider
    """
    try:
        return preset.issuer_for(issuer_or_tenant)
    except InvalidPreset as error:
        raise InvalidProvider(str(error)) from error


def origin_of(endpoints: Any) -> str:
    """Scheme and host of a provider without discovery, which stand for its issuer; empty if they are not known."""
    url = endpoints.get("authorization_endpoint", "") if isinstance(endpoints, Mapping) else ""
    if not (isinstance(url, str) and is_endpoint(url, url)):
        return ""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def usual_slug(db: Session, preset: ProviderPreset, issuer: str, name: str = "") -> str:
    """The short name that a new provider gets unless another one is entered."""
    of_itself = name or short_host(issuer) or preset.key
    return providers.free_slug(db, of_itself if preset.is_generic else preset.key)


def short_host(issuer: str) -> str:
    """The label of a host name that identifies its owner, such as acme in id.acme.example; empty for an IP address."""
    labels = (urlsplit(issuer).hostname or "").split(".")
    distinctive = [label for label in labels[:-1] or labels if label not in COMMON_LABELS]
    found = distinctive[0] if distinctive else labels[0]
    return "" if found.isdecimal() or ":" in found else found


def refuse_before(db: Session, private: PrivateHosts, preset: ProviderPreset, issuer_or_tenant: str) -> str:
    """Check an issuer before the rest is entered. Returns the issuer.

    Raises:
        InvalidProvider
    """
    row = LoginProvider(
        id=uuid4(), kind=preset.kind, issuer=checked_issuer(issuer_of(preset, issuer_or_tenant)), endpoints={}
    )
    refuse_same_issuer(db, row)
    refuse_unreachable(row, private)
    return row.issuer
