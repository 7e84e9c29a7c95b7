"""CommandContext: the environment of a command and its settings, read when first needed."""

import secrets
from collections.abc import Mapping
from functools import cached_property

import click

from webapp.core.lazy_import import lazily
from webapp.settings import SecretKeyMissing, Settings
from webapp.settings.fields import PREFIX


class CommandContext:
    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = dict(environ)

    def otherwise(self, **choices: object) -> "CommandContext":
        """A copy with some settings replaced; None keeps a setting. Values are checked like environment variables."""
        variables = {PREFIX + name.upper(): str(value) for name, value in choices.items() if value is not None}
        return CommandContext(self.environ | variables)

    @cached_property
    def settings(self) -> Settings:
        """Settings for commands that encrypt or decrypt; creates a secret key unless the site has a database.

        Raises:
            SettingsError
        """
        try:
            return Settings.from_env(self.environ)
        except SecretKeyMissing:
            lazily("webapp.cli.secret_key").make_for_new_site(self.settings_to_read)
            return Settings.from_env(self.environ)

    @cached_property
    def settings_to_read(self) -> Settings:
        """Settings for commands that neither encrypt nor decrypt; a missing secret key is replaced by a temporary one.

        Raises:
            SettingsError
        """
        try:
            return Settings.from_env(self.environ)
        except SecretKeyMissing:
            return Settings.from_env(self.environ | {"WEBAPP_SECRET_KEY": secrets.token_urlsafe(32)})

    @property
    def has_secret_key(self) -> bool:
        try:
            return bool(Settings.from_env(self.environ))
        except SecretKeyMissing:
            return False


pass_context = click.make_pass_decorator(CommandContext)
