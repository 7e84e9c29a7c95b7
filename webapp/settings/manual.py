"""The manual of the settings, generated from the ``Settings`` class."""

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


def rows(fields: tuple[SettingField, ...], settings: object, found: Mapping[str, SourcedValue]) -> list[ManualRow]:
    return [row(field, getattr(settings, field.name), found.get(field.name)) for field in fields]


def row(field: SettingField, value: object, found: SourcedValue | None) -> ManualRow:
    kind = kind_of(field.type)
    return ManualRow(
        variable=field.variable,
        type=kind.word,
        default="created at the first start" if field.default is dataclasses.MISSING else kind.write(field.default),
        meaning=field.meaning,
        value=MASK if field.is_secret and value else kind.write(value),
        source=found.source if found else "default",
    )
