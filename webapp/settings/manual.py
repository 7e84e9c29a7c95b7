"""The manual of the settings, made from the class that holds them."""

import dataclasses
from collections.abc import Mapping
from typing import NamedTuple

from webapp.settings.fields import SettingField
from webapp.settings.sources import SourcedValue
from webapp.settings.types import kind_of

MASK = "(secret)"


class ManualRow(NamedTuple):
    variable: str
    type: str
    default: str
    meaning: str
    value: str
    source: str


def rows(choices: tuple[SettingField, ...], settings: object, found: Mapping[str, SourcedValue]) -> list[ManualRow]:
    return [row(choice, getattr(settings, choice.name), found.get(choice.name)) for choice in choices]


def row(choice: SettingField, value: object, found: SourcedValue | None) -> ManualRow:
    kind = kind_of(choice.type)
    return ManualRow(
        variable=choice.variable,
        type=kind.word,
        default="created at the first start" if choice.default is dataclasses.MISSING else kind.write(choice.default),
        meaning=choice.meaning,
        value=MASK if choice.is_secret and value else kind.write(value),
        source=found.source if found else "default",
    )
