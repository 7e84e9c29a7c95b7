"""Roles named in the settings must exist: a misspelt one would silently require nothing, or give nobody anything."""

import difflib
from collections.abc import Collection, Iterator

from webapp.settings import Settings, SettingsError


def configured_roles(settings: Settings) -> Iterator[tuple[str, str]]:
    """Each variable with a role that it names. Words with a colon are scopes."""
    for variable, names in (
        ("WEBAPP_SECOND_FACTOR_FOR", settings.second_factor_for),
        ("WEBAPP_PASSKEY_FOR", settings.passkey_for),
    ):
        yield from ((variable, name) for name in names if ":" not in name)
    if settings.ldap_url:
        yield from (("WEBAPP_LDAP_ROLES", role) for _group, role in settings.role_by_group)


def unknown_role(settings: Settings, existing_roles: Collection[str]) -> str | None:
    """A sentence about the first role that does not exist; None if all do."""
    for variable, name in configured_roles(settings):
        if name not in existing_roles:
            nearest = difflib.get_close_matches(name, existing_roles, 1)
            hint = f"; did you mean {nearest[0]}?" if nearest else "."
            return f"{variable} names the role {name}, which does not exist{hint} To create it: {create(name)}"
    return None


def create(name: str) -> str:
    return f"python -m webapp role create {name}"


def refuse_unknown(settings: Settings, existing_roles: Collection[str]) -> None:
    """Refuse settings that name a role that does not exist.

    Raises:
        SettingsError
    """
    if (sentence := unknown_role(settings, existing_roles)) is not None:
        raise SettingsError(sentence)
