"""The secret key and the settings files of a backup: used, and put where the instance folder has none."""

from dataclasses import replace
from pathlib import Path

from webapp.cli.context import CommandContext
from webapp.cli.output import say_aside
from webapp.cli.restore_draft import Unpacked
from webapp.settings import SecretKeyMissing, Settings, private_files, sources


def settings_for(context: CommandContext, found: Unpacked) -> Settings:
    """The settings of this site, with those of the backup where it has none; further secret keys are fallbacks.

    Raises:
        SecretKeyMissing: there is none here and none in the backup.
    """
    environ = dict(context.environ)
    if url := database_url_of(context.settings_to_read.instance, found):
        environ.setdefault("WEBAPP_DATABASE_URL", url)
    try:
        own = Settings.from_env(environ)
    except SecretKeyMissing:
        if not found.secret_keys:
            raise
        own = Settings.from_env(environ | {"WEBAPP_SECRET_KEY": found.secret_keys[0]})
    known = own.secret_key, *own.secret_key_fallbacks
    further = (key for key in found.secret_keys if key not in known)
    return replace(own, secret_key_fallbacks=(*own.secret_key_fallbacks, *further))


def database_url_of(instance: Path, found: Unpacked) -> str | None:
    """What the config.toml of the backup will say once it is put here."""
    given = [sources.load(path).get("database_url") for path in found.settings if path.name == "config.toml"]
    return str(given[0]) if given and given[0] and not (instance / "config.toml").exists() else None


def put_settings(context: CommandContext, found: Unpacked) -> None:
    """Write the secret key and the settings files where there are none; files of another content are put beside."""
    instance = context.settings_to_read.instance
    if not context.has_secret_key:
        private_files.write(instance / private_files.SECRET_KEY, f"{found.secret_keys[0]}\n")
    for path in found.settings:
        own, text = instance / path.name, path.read_text(encoding="utf-8")
        if not own.exists():
            private_files.write(own, text)
        elif own.read_text(encoding="utf-8") != text:
            beside = own.with_name(f"{own.name}.restored")
            private_files.write(beside, text)
            say_aside(f"{own} was left as it is; that of the backup is {beside}.")
    if found.environment:
        say_aside(f"The backup has no values for what was set in the environment: {', '.join(found.environment)}.")
