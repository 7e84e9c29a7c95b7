"""apps.toml in the instance folder: apps that are declared in a file, and shown locked on pages."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from sqlalchemy.orm import Session

from webapp.accounts.user_ids import UnknownPeople, ids_of
from webapp.core.db import Database, Unavailable
from webapp.forward_auth import lifecycle
from webapp.forward_auth.app_file import FILE, DeclaredApp, read
from webapp.forward_auth.app_settings import AppSettings, InvalidAppSettings, checked
from webapp.forward_auth.lifecycle import AppEditor
from webapp.forward_auth.models import ProxiedApp
from webapp.forward_auth.proxied_apps import NOBODY
from webapp.settings import SettingsError

log = logging.getLogger(__name__)

EDITOR = AppEditor("file")


def load(database: Database, instance: Path, own_host: str) -> None:
    """Bring the rows of declared apps in line with the file, if they are not.

    Raises:
        SettingsError: one sentence for the operator.
    """
    declared_apps = read(instance)
    try:
        with database.read() as reading:
            if is_current(reading, instance, declared_apps, own_host):
                return
    except Unavailable:
        # The application is made all the same, as for doctor, which says what is wrong with the database.
        log.warning("declared apps were not compared with the database, which is not available")
        return
    try:
        with database.write() as writing:
            store_all(writing, instance, declared_apps, own_host)
    except SettingsError:
        # Several processes may start at once: another one may have stored the same meanwhile.
        with database.read() as reading:
            if not is_current(reading, instance, declared_apps, own_host):
                raise


@contextmanager
def refusing(instance: Path, one: DeclaredApp) -> Iterator[None]:
    try:
        yield
    except InvalidAppSettings as error:
        raise SettingsError(f"{instance / FILE}: {one.slug}: {error}") from error


def is_current(db: Session, instance: Path, declared_apps: Sequence[DeclaredApp], own_host: str) -> bool:
    for one in declared_apps:
        row = lifecycle.by_slug(db, one.slug)
        with refusing(instance, one):
            desired = checked(desired_settings(db, one), own_host=own_host)
        if row is None or not row.is_declared or (row.disabled_at is None) != one.is_enabled:
            return False
        if lifecycle.recorded(lifecycle.settings_of(db, row)) != lifecycle.recorded(desired):
            return False
    return not no_longer_declared(db, declared_apps)


def no_longer_declared(db: Session, declared_apps: Sequence[DeclaredApp]) -> list[ProxiedApp]:
    slugs = {one.slug for one in declared_apps}
    return [row for row in lifecycle.list_apps(db) if row.is_declared and row.slug not in slugs]


def store_all(db: Session, instance: Path, declared_apps: Sequence[DeclaredApp], own_host: str) -> None:
    # First, so that another app may take over a host.
    for row in no_longer_declared(db, declared_apps):
        lifecycle.disable(db, row, EDITOR)
        row.is_declared = False
    for one in declared_apps:
        with refusing(instance, one):
            store(db, one, own_host)


def store(db: Session, one: DeclaredApp, own_host: str) -> None:
    """Add or update the row of one declared app, and enable or disable it as the file says.

    Raises:
        InvalidAppSettings
    """
    desired, row = desired_settings(db, one), lifecycle.by_slug(db, one.slug)
    if row is None:
        row = lifecycle.add(db, one.slug, desired, EDITOR, own_host=own_host)
    else:
        # One that was entered on a page is taken over, with its logins.
        row.is_declared = True
        lifecycle.edit(db, row, desired, EDITOR, own_host=own_host)
    if one.is_enabled:
        lifecycle.enable(db, row, EDITOR)
    else:
        lifecycle.disable(db, row, EDITOR)


def desired_settings(db: Session, one: DeclaredApp) -> AppSettings:
    values = one.values
    owners = existing(db, one.slug, [values["owner"]] if values.get("owner") else [])
    people = existing(db, one.slug, values.get("people", ()))
    return AppSettings(
        name=values["name"],
        icon=values.get("icon", ""),
        owner_id=UUID(owners[0]) if owners else None,
        hosts=values["hosts"],
        roles=values.get("roles", ()),
        # Without anybody, the app would be for everybody.
        people=people or ([str(NOBODY)] if values.get("people") else []),
        rules=one.rules,
    )


def existing(db: Session, slug: str, names: Iterable[str]) -> list[str]:
    """The ids of those who have an account: a deleted account must not keep this site from starting."""
    found = []
    for name in names:
        try:
            found += ids_of(db, [name])
        except UnknownPeople:
            log.warning("apps.toml names somebody who has no account", extra={"fields": {"app": slug, "name": name}})
    return found
