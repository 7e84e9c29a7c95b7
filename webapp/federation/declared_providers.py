"""providers.toml in the instance folder: providers that are declared in a file, and shown locked on pages."""

import logging
import os
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from webapp.core.db import Database, Unavailable
from webapp.core.encryption import Encryptor
from webapp.core.outgoing_http import PrivateHosts
from webapp.core.translation import _
from webapp.federation import lifecycle, providers
from webapp.federation.lifecycle import SLUG, NewProvider, ProviderEditor
from webapp.federation.models import LoginProvider
from webapp.federation.new_provider import from_preset
from webapp.federation.presets import PRESETS
from webapp.federation.provider_preset import GENERIC, ProviderPreset
from webapp.federation.provider_secrets import secret_of
from webapp.federation.provider_settings import NAMES, InvalidProvider, apply
from webapp.settings import SettingsError, private_files

log = logging.getLogger(__name__)

FILE = "providers.toml"
EDITOR = ProviderEditor("file")
SECRETS = "secret", "secret_file", "secret_env"
OWN = {"slug", "preset", "kind", "enabled", "tenant", *SECRETS}
KINDS = "oidc", "oauth2", "oauth1"


@dataclass(frozen=True, slots=True, repr=False)
class DeclaredProvider:
    slug: str
    preset: ProviderPreset
    kind: str
    is_enabled: bool
    issuer_or_tenant: str
    """Issuer or tenant, as the preset needs it."""
    secret: str
    options: Mapping[str, Any]


def load(database: Database, encryptor: Encryptor, private: PrivateHosts, instance: Path) -> None:
    """Bring the rows of declared providers in line with the file, if they are not.

    Raises:
        SettingsError: one sentence for the operator.
    """
    declared_providers = read(instance)
    try:
        with database.read() as reading:
            if is_current(reading, encryptor, instance, declared_providers):
                return
    except Unavailable:
        # The application is made all the same, as for doctor, which says what is wrong with the database.
        log.warning("declared identity providers were not compared with the database, which is not available")
        return
    try:
        with database.write() as writing:
            store_all(writing, encryptor, private, instance, declared_providers)
    except SettingsError:
        # Several processes may start at once: another one may have stored the same meanwhile.
        with database.read() as reading:
            if not is_current(reading, encryptor, instance, declared_providers):
                raise


def store_all(
    db: Session,
    encryptor: Encryptor,
    private: PrivateHosts,
    instance: Path,
    declared_providers: Sequence[DeclaredProvider],
) -> None:
    for one in declared_providers:
        with refusing(instance, one):
            store(db, encryptor, private, one)
    for row in no_longer_declared(db, declared_providers):
        lifecycle.disable(db, row, EDITOR)
        row.is_declared = False


@contextmanager
def refusing(instance: Path, one: DeclaredProvider) -> Iterator[None]:
    try:
        yield
    except InvalidProvider as error:
        raise SettingsError(f"{instance / FILE}: {one.slug}: {error}") from error


def is_current(
    db: Session, encryptor: Encryptor, instance: Path, declared_providers: Sequence[DeclaredProvider]
) -> bool:
    for one in declared_providers:
        row, desired_row = providers.by_slug(db, one.slug), LoginProvider(kind=one.kind)
        with refusing(instance, one):
            apply(desired_row, desired_settings(db, one))
        is_same = (
            row is not None
            and row.is_declared
            and (row.kind, row.disabled_at is None) == (one.kind, one.is_enabled)
            and all(getattr(row, name) == getattr(desired_row, name) for name in NAMES)
            and secret_of(row, encryptor) == one.secret
        )
        if not is_same:
            return False
    return not no_longer_declared(db, declared_providers)


def no_longer_declared(db: Session, declared_providers: Sequence[DeclaredProvider]) -> list[LoginProvider]:
    slugs = {one.slug for one in declared_providers}
    return [row for row in providers.list_providers(db) if row.is_declared and row.slug not in slugs]


def store(db: Session, encryptor: Encryptor, private: PrivateHosts, one: DeclaredProvider) -> None:
    """Add or update the row of one declared provider, and enable or disable it as the file says.

    Raises:
        InvalidProvider
    """
    desired, row = desired_settings(db, one), providers.by_slug(db, one.slug)
    if row is None:
        row = lifecycle.add(db, encryptor, private, desired, one.secret, EDITOR)
    elif row.kind != one.kind:
        raise InvalidProvider(_("The kind of a provider cannot be changed. Declare it with another short name."))
    else:
        # One that was entered on a page is taken over, with its links.
        row.is_declared, row.preset = True, one.preset.key
        lifecycle.edit(db, encryptor, private, row, desired, EDITOR, secret=one.secret)
    if one.is_enabled:
        lifecycle.enable(db, row, EDITOR)
    else:
        lifecycle.disable(db, row, EDITOR)


def desired_settings(db: Session, one: DeclaredProvider) -> NewProvider:
    settings = from_preset(db, one.preset, issuer_or_tenant=one.issuer_or_tenant, slug=one.slug, **one.options)
    return replace(settings, kind=one.kind)


def read(instance: Path, environ: Mapping[str, str] = os.environ) -> list[DeclaredProvider]:
    """The providers of the file, in its order; none if there is no file.

    Raises:
        SettingsError: one sentence for the operator.
    """
    path = instance / FILE
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path} cannot be read: {error}.") from error
    tables = content.pop("provider", [])
    if content or not isinstance(tables, list) or not all(isinstance(one, dict) for one in tables):
        raise SettingsError(f"{path} has only tables [[provider]].")
    if any("secret" in one for one in tables):
        private_files.refuse_open_to_others(path)
    found = [declared(path, number, one, environ) for number, one in enumerate(tables)]
    slugs = [one.slug for one in found]
    if duplicate := next((slug for slug in slugs if slugs.count(slug) > 1), None):
        raise SettingsError(f"{path} declares {duplicate} twice.")
    return found


def declared(path: Path, number: int, table: dict[str, Any], environ: Mapping[str, str]) -> DeclaredProvider:
    slug = table.get("slug")
    if not isinstance(slug, str) or not SLUG.fullmatch(slug):
        raise SettingsError(f"{path}: provider {number + 1} needs a slug, such as acme, which its URLs contain.")
    location = f"{path}: {slug}"
    if unknown := sorted(set(table) - OWN - set(NAMES)):
        raise SettingsError(f"{location} has an unknown name: {unknown[0]}.")
    preset = PRESETS.get(str(table.get("preset", GENERIC)))
    if preset is None:
        raise SettingsError(f"{location}: preset is one of {', '.join(PRESETS)}.")
    kind, is_enabled, issuer_or_tenant = (
        table.get(name, usual) for name, usual in (("kind", preset.kind), ("enabled", True), ("tenant", ""))
    )
    if kind not in KINDS or not isinstance(is_enabled, bool) or not isinstance(issuer_or_tenant, str):
        raise SettingsError(f"{location}: kind is one of {', '.join(KINDS)}, enabled true or false, tenant a text.")
    options = {name: value for name, value in table.items() if name in NAMES}
    issuer_or_tenant = options.pop("issuer", "") or issuer_or_tenant
    if not isinstance(issuer_or_tenant, str):
        raise SettingsError(f"{location}: issuer is a text.")
    options.setdefault("position", number)
    return DeclaredProvider(
        slug, preset, kind, is_enabled, issuer_or_tenant, secret_in(location, table, environ), options
    )


def secret_in(location: str, table: Mapping[str, Any], environ: Mapping[str, str]) -> str:
    """The client secret; empty without one, as for a public client."""
    secret_names = [name for name in SECRETS if name in table]
    if not secret_names:
        return ""
    if len(secret_names) > 1 or not isinstance(table[secret_names[0]], str):
        raise SettingsError(f"{location} has one of {', '.join(SECRETS)}, which is a text.")
    value: str = table[secret_names[0]]
    if secret_names[0] == "secret_env":
        if not environ.get(value):
            raise SettingsError(f"{location}: the environment variable {value} is not set.")
        return environ[value]
    if secret_names[0] == "secret":
        return value
    try:
        return Path(value).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, ValueError) as error:
        raise SettingsError(f"{location}: secret_file names {value!r}, which cannot be read.") from error
