"""Commands of plug-ins: the CLI group of each blueprint (``Blueprint.cli``), run with the application."""

import os
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from webapp.cli.context import CommandContext
from webapp.core.lazy_import import lazily
from webapp.settings import Settings, sources
from webapp.settings.fields import fields_of

if TYPE_CHECKING:
    from flask import Blueprint


def groups_for(ctx: click.Context) -> dict[str, click.Group]:
    """The groups of the blueprints of WEBAPP_BLUEPRINTS that have commands, by name.

    Raises:
        SettingsError: the settings are invalid, or a blueprint cannot be loaded.
    """
    context = CommandContext(os.environ).otherwise(instance=ctx.params.get("instance"))
    # Read alone: the whole settings would create a secret key, for a command that is only misspelt.
    setting: Any = sources.read(fields_of(Settings), context.environ).get("blueprints")
    if setting is None or not setting.value:
        return {}
    blueprints = lazily("webapp.app.plugins").load_blueprints(setting.value)
    return {name_of(blueprint): group(blueprint, context) for blueprint in blueprints if blueprint.cli.commands}


def name_of(blueprint: "Blueprint") -> str:
    return blueprint.cli_group if isinstance(blueprint.cli_group, str) else blueprint.name


def group(blueprint: "Blueprint", context: CommandContext) -> click.Group:
    """The commands of a blueprint, which find the application in the ``ScriptInfo`` of a context above them."""

    def use_application(ctx: click.Context) -> None:
        create_app = partial(lazily("webapp.app").create_app, context.settings)
        ctx.obj = lazily("flask.cli").ScriptInfo(create_app=create_app, set_debug_flag=False)

    return click.Group(
        name_of(blueprint),
        commands=blueprint.cli.commands,
        callback=click.pass_context(use_application),
        help=f"Commands of the blueprint {blueprint.name}.",
    )
