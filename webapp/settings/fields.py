"""SettingField: a setting with its type, default and meaning."""

import dataclasses
from functools import lru_cache
from typing import Any, get_args, get_type_hints

PREFIX = "WEBAPP_"


class SettingsError(Exception):
    """A setting is invalid. The message is one sentence for the operator."""


class Secret:
    """Marks a field whose value is never shown, and may come from the file named by ``<VARIABLE>_FILE``."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SettingField:
    name: str
    type: Any
    default: Any
    """``dataclasses.MISSING`` if there is none."""
    meaning: str
    is_secret: bool

    @property
    def variable(self) -> str:
        return PREFIX + self.name.upper()


def fields_of(settings: type) -> tuple[SettingField, ...]:
    """The fields of a settings class, in order of definition; those that it inherits are the last."""
    return read_fields(settings)


@lru_cache
def read_fields(settings: type) -> tuple[SettingField, ...]:
    # Reading the annotations takes a tenth of the start.
    hints = get_type_hints(settings, include_extras=True)
    ordered = sorted(dataclasses.fields(settings), key=lambda field: field.name not in settings.__annotations__)
    return tuple(field_of(field, hints[field.name]) for field in ordered)


def field_of(field: dataclasses.Field[Any], hint: Any) -> SettingField:
    kind, meaning, *marks = get_args(hint)
    return SettingField(name=field.name, type=kind, default=field.default, meaning=meaning, is_secret=Secret in marks)
