"""wish_for(): what a preset and a few values make of a new provider."""

from typing import Any

from sqlalchemy.orm import Session

from webapp.federation import providers
from webapp.federation.lifecycle import NewProvider
from webapp.federation.presets import GENERIC, PresetUnfit, ProviderPreset
from webapp.federation.provider_settings import ProviderUnfit


def wish_for(db: Session, preset: ProviderPreset, *, entered: str = "", slug: str = "", **chosen: Any) -> NewProvider:
    """
    Args:
        entered: tenant, URL or issuer, as the preset needs it.
        slug: short name in URLs; empty for one like the name or the preset.
        chosen: fields of ``ProviderSettings`` that are not as the preset has them; empty ones count as not chosen.

    Raises:
        ProviderUnfit
    """
    try:
        issuer = preset.issuer_for(entered)
    except PresetUnfit as error:
        raise ProviderUnfit(str(error)) from error
    given = {name: value for name, value in chosen.items() if value not in (None, "", [], {})}
    name = str(given.get("name", preset.name))
    usual: dict[str, Any] = {
        "client_id": "",
        "name": preset.name,
        "scopes": list(preset.scopes),
        "endpoints": dict(preset.endpoints),
        "claim_names": dict(preset.claim_names),
        "position": providers.next_position(db),
    }
    return NewProvider(
        slug=slug or providers.free_slug(db, name if preset.key == GENERIC else preset.key),
        kind=preset.kind,
        preset=preset.key,
        **usual | {"issuer": issuer} | given,
    )
