"""Checks of files: permissions of the instance folder, and free disk space."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from webapp.cli.health_checks.finding import Finding, bad, ok, warn
from webapp.core import key_files
from webapp.settings import Settings, sources
from webapp.settings.fields import fields_of
from webapp.settings.private_files import OTHERS

SECRETS = ("secret_key", "config.toml")
MEGABYTE = 1024 * 1024
LITTLE, TOO_LITTLE = 1024, 100


def findings(instance: Path, database: Path | None) -> Iterator[Finding]:
    yield from modes(instance, database)
    yield from old_key_files(instance)
    yield free_space(instance)


def modes(instance: Path, database: Path | None) -> Iterator[Finding]:
    if not instance.exists():
        return
    secrets = [path for name in SECRETS if holds_secrets(path := instance / name)]
    paths = [instance, *secrets, *([database] if database else [])]
    is_closed = not instance.stat().st_mode & OTHERS
    has_problem = False
    for path in paths:
        # Files in a private folder are private too; but a secret keeps its mode when it is copied elsewhere.
        is_within = is_closed and path.parent == instance and path.name not in SECRETS
        if path.exists() and path.stat().st_mode & OTHERS and not is_within:
            has_problem = True
            mode = "700" if path.is_dir() else "600"
            yield bad("files", f"Other users can read {path}.", f"Run: chmod {mode} {path}")
    if not has_problem:
        yield ok("files", "Only this user can read the instance folder and its secrets.")


def holds_secrets(path: Path) -> bool:
    """Whether others must not read this file: a ``config.toml`` only if a secret is set in it."""
    if path.suffix != ".toml":
        return True
    return any(field.is_secret for field in fields_of(Settings) if field.name in sources.load(path))


def old_key_files(instance: Path) -> Iterator[Finding]:
    for file in key_files.FILES.values():
        for path in (instance / file, instance / f"{file}{key_files.UNUSED}"):
            if path.exists():
                yield warn("files", f"{path} is not read any more: keys are in the database.", f"Delete it: rm {path}")


def free_space(instance: Path) -> Finding:
    free = shutil.disk_usage(next(path for path in (instance, *instance.parents) if path.exists())).free // MEGABYTE
    if free < LITTLE:
        level = bad if free < TOO_LITTLE else warn
        return level("disk", f"{free} MiB are free. A full disk stops every login.", "Free some disk space.")
    return ok("disk", f"{free // 1024} GiB are free.")
