"""CommandContext: the environment of a command and its settings, read when first needed."""

from collections.abc import Mapping
from functools import cached_property

import click

from webapp.settings import Settings
from webapp.settings.fields import PREFIX


class CommandContext:
    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = dict(environ)

    def otherwise(self, **choices: object) -> "CommandContext":
        """A copy with some settings replaced; None keeps a setting. Values are checked like environment variables."""
        given = {PREFIX + name.upper(): str(value) for name, value in choices.items() if value is not None}
        return CommandContext(self.environ | given)

    @cached_property
    def settings(self) -> Settings:
        """Raises ``SettingsError``."""
        return Settings.from_env(self.environ)


pass_context = click.make_pass_decorator(CommandContext)
