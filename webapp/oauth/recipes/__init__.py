"""Recipes: kinds of apps, each with what is registered of it and the settings to paste into it."""

from collections.abc import Mapping

from webapp.oauth.recipes.apps import APPS as APPS_OF_OTHERS
from webapp.oauth.recipes.generic import GENERIC
from webapp.oauth.recipes.latchkey import LATCHKEY
from webapp.oauth.recipes.recipe import Recipe

APPS: Mapping[str, Recipe] = dict(sorted((APPS_OF_OTHERS | {"latchkey": LATCHKEY}).items()))
RECIPES: Mapping[str, Recipe] = {**GENERIC, **APPS}

__all__ = ["APPS", "GENERIC", "RECIPES", "Recipe"]
