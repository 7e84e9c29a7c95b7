"""The secret key and the settings files of a backup: used, and put where the instance folder has none."""

from dataclasses import replace
from pathlib import Path

from webapp.cli.context import CommandContext
from webapp.cli.output import print_note
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
        current = Settings.from_env(environ)
    except SecretKeyMissing:
        if not found.secret_keys:
            raise
        current = Settings.from_env(environ | {"WEBAPP_SECRET_KEY": found.secret_keys[0]})
    known_keys = current.secret_key, *current.secret_key_fallbacks
    further = (key for key in found.secret_keys if key not in known_keys)
    return replace(current, secret_key_fallbacks=(*current.secret_key_fallbacks, *further))


def database_url_of(instance: Path, found: Unpacked) -> str | None:
    """The database URL in the config.toml of a backup; None if it has none, or if this site has a config.toml."""
    urls = [sources.load(path).get("database_url") for path in found.settings if path.name == "config.toml"]
    return str(urls[0]) if urls and urls[0] and not (instance / "config.toml").exists() else None


def put_settings(context: CommandContext, found: Unpacked) -> None:
    """Write the secret key and the settings files where there are none; files of another content are put beside."""
    instance = context.settings_to_read.instance
    if not context.has_secret_key:
        private_files.write(instance / private_files.SECRET_KEY, f"{found.secret_keys[0]}\n")
    for path in found.settings:
        target, text = instance / path.name, path.read_text(encoding="utf-8")
        if not target.exists():
            private_files.write(target, text)
        elif target.read_text(encoding="utf-8") != text:
            beside = target.with_name(f"{target.name}.restored")
            private_files.write(beside, text)
            print_note(f"{target} was left as it is; that of the backup is {beside}.")
    if found.environment:
        print_note(f"The backup has no values for what was set in the environment: {', '.join(found.environment)}.")
