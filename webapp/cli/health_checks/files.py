"""Files: who may read them, and whether there is room."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from webapp.cli.health_checks.finding import Finding, bad, ok, warn
from webapp.settings.private_files import OTHERS

SECRETS = ("secret_key", "cookie_generation", "signing_keys.json", "config.toml")
MEGABYTE = 1024 * 1024
LITTLE, TOO_LITTLE = 1024, 100


def findings(instance: Path, database: Path | None) -> Iterator[Finding]:
    yield from modes(instance, database)
    yield room(instance)


def modes(instance: Path, database: Path | None) -> Iterator[Finding]:
    named = [instance, *(instance / name for name in SECRETS), *([database] if database else [])]
    is_closed = not instance.stat().st_mode & OTHERS
    found = False
    for path in named:
        # A folder closed to others closes what lies in it; but secrets are copied elsewhere with the modes they have.
        is_within = is_closed and path.parent == instance and path.name not in SECRETS
        if path.exists() and path.stat().st_mode & OTHERS and not is_within:
            found = True
            how = "700" if path.is_dir() else "600"
            yield bad("files", f"{path} may be read by others.", f"Run: chmod {how} {path}")
    if not found:
        yield ok("files", "Only we may read the instance folder and its secrets.")


def room(instance: Path) -> Finding:
    free = shutil.disk_usage(instance).free // MEGABYTE
    if free < LITTLE:
        level = bad if free < TOO_LITTLE else warn
        return level("disk", f"{free} MiB are free, and a full disk stops every login.", "Make room.")
    return ok("disk", f"{free // 1024} GiB are free.")
