"""Reads settings from the environment, from files named there, and from ``config.toml``; the first wins."""

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from webapp.settings import private_files
from webapp.settings.fields import PREFIX, SettingField, SettingsError
from webapp.settings.types import kind_of

V = TypeVar("V")

FILE = "_FILE"
# Former names of settings, which are still accepted.
FORMER = {
    "api_token_lifetime": "access_token_lifetime",
    "house_name": "site_name",
    "login_tries_per_address": "login_tries_per_network",
}


@dataclass(frozen=True, slots=True)
class SourcedValue:
    value: object
    source: str


def read(fields: tuple[SettingField, ...], environ: Mapping[str, str]) -> dict[str, SourcedValue]:
    """The settings that are given, by name; settings left at their default are not included.

    Raises:
        SettingsError: a setting is unknown, unreadable or given twice.
    """
    environ = with_present_names(environ, {PREFIX + old.upper(): PREFIX + new.upper() for old, new in FORMER.items()})
    refuse_unknown((name for name in environ if name.startswith(PREFIX)), variables(fields))
    found = {field.name: value for field in fields if (value := from_environ(field, environ))}
    default = next(field.default for field in fields if field.name == "instance")
    instance = found["instance"].value if "instance" in found else default
    return from_toml(Path(str(instance)) / "config.toml", fields) | found


def with_present_names(settings: Mapping[str, V], former: Mapping[str, str]) -> dict[str, V]:
    """Replace former names of settings by the current ones.

    Raises:
        SettingsError: a setting is given by its former and by its current name.
    """
    for old, new in former.items():
        if old in settings and new in settings:
            raise SettingsError(f"{old} is the former name of {new}; keep only {new}.")
    return {former.get(name, name): value for name, value in settings.items()}


def variables(fields: tuple[SettingField, ...]) -> list[str]:
    plain = [field.variable for field in fields]
    return plain + [field.variable + FILE for field in fields if field.is_secret]


def refuse_unknown(names: Iterable[str], setting_names: list[str], location: str = "") -> None:
    for name in names:
        if name not in setting_names:
            nearest = difflib.get_close_matches(name, setting_names, 1)
            raise SettingsError(
                f"{name}{location} is not a setting{f'; did you mean {nearest[0]}?' if nearest else '.'}"
            )


def from_environ(field: SettingField, environ: Mapping[str, str]) -> SourcedValue | None:
    text, file = environ.get(field.variable), environ.get(field.variable + FILE)
    if text is not None and file is not None:
        raise SettingsError(f"{field.variable} and {field.variable}{FILE} are both set; keep one of them.")
    if file is not None:
        return SourcedValue(parse(field, from_file(field.variable + FILE, Path(file))), file)
    return None if text is None else SourcedValue(parse(field, text), "environment")


def from_file(variable: str, path: Path) -> str:
    # Secrets mounted into a container are often readable by all users in it, so their mode is not checked.
    try:
        return path.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, ValueError) as error:
        raise SettingsError(f"{variable} names {str(path)!r}, which cannot be read.") from error


def from_toml(path: Path, fields: tuple[SettingField, ...]) -> dict[str, SourcedValue]:
    table = with_present_names(load(path), FORMER)
    # This file is in the instance folder, so it cannot set it.
    fields_by_name = {field.name: field for field in fields if field.name != "instance"}
    refuse_unknown(table, list(fields_by_name), f" in {path}")
    if any(fields_by_name[name].is_secret for name in table):
        private_files.refuse_open_to_others(path)
    return {
        name: SourcedValue(parse(fields_by_name[name], as_text(name, value)), str(path))
        for name, value in table.items()
    }


def load(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path} cannot be read: {error}.") from error


def as_text(name: str, value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str() | int():
            return str(value)
        case list() if all(isinstance(item, str) for item in value):
            return ",".join(value)
    raise SettingsError(f"{PREFIX}{name.upper()} must be a text, a number, true, false or a list of texts.")


def parse(field: SettingField, text: str) -> object:
    try:
        return kind_of(field.type).parse(text)
    except ValueError as error:
        raise SettingsError(f"{field.variable} {error}.") from error
