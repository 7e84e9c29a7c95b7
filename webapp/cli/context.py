"""House: which instance a command is about, and its settings, read when they are first needed."""

from collections.abc import Mapping
from functools import cached_property

import click

from webapp.settings import Settings
from webapp.settings.fields import PREFIX


class CommandContext:
    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = dict(environ)

    def otherwise(self, **choices: object) -> "CommandContext":
        """The same house with other settings; None leaves one as it is. What is said is judged like a variable."""
        said = {PREFIX + name.upper(): str(value) for name, value in choices.items() if value is not None}
        return CommandContext(self.environ | said)

    @cached_property
    def settings(self) -> Settings:
        """Raises ``SettingsError``."""
        return Settings.from_env(self.environ)


pass_context = click.make_pass_decorator(CommandContext)
