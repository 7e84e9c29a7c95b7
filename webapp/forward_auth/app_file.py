"""The format of apps.toml: read() checks the form of a file; written() is the same for apps that are stored."""

import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from webapp.accounts.user_ids import shown_names
from webapp.forward_auth import lifecycle
from webapp.forward_auth.app_settings import SLUG, RuleSettings
from webapp.forward_auth.lifecycle import RULE_FIELDS
from webapp.forward_auth.models import ProxiedApp
from webapp.settings import SettingsError

FILE = "apps.toml"
KEYS = {
    **dict.fromkeys(("slug", "name", "icon", "owner"), str),
    **dict.fromkeys(("hosts", "roles", "people", "rule"), list),
    "enabled": bool,
}
RULE_KEYS = {
    **dict.fromkeys(("path", "role", "level", "authorization"), str),
    **dict.fromkeys(("methods", "networks"), list),
    **{field.name: bool for field in fields(RuleSettings) if field.type in (bool, "bool")},
}
IN_WORDS = {str: "a text", list: "a list", bool: "true or false"}


@dataclass(frozen=True, slots=True)
class DeclaredApp:
    slug: str
    is_enabled: bool
    values: Mapping[str, Any]
    """Of the file; people and owner by their names."""
    rules: tuple[RuleSettings, ...]


def read(instance: Path) -> list[DeclaredApp]:
    """The apps of the file; none if there is no file.

    Raises:
        SettingsError: one sentence for the operator.
    """
    path = instance / FILE
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path} cannot be read: {error}.") from error
    tables = content.pop("app", [])
    if content or not is_tables(tables):
        raise SettingsError(f"{path} has only tables [[app]].")
    found = [declared(path, number, one) for number, one in enumerate(tables, 1)]
    slugs = [one.slug for one in found]
    if duplicate := next((slug for slug in slugs if slugs.count(slug) > 1), None):
        raise SettingsError(f"{path} declares {duplicate} twice.")
    return found


def is_tables(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, dict) for one in value)


def declared(path: Path, number: int, table: Mapping[str, Any]) -> DeclaredApp:
    slug = table.get("slug")
    if not isinstance(slug, str) or not SLUG.fullmatch(slug):
        raise SettingsError(f"{path}: app {number} needs a slug, such as wiki, which its scope contains.")
    location = f"{path}: {slug}"
    refuse_wrong_types(location, table, KEYS)
    if not table.get("hosts"):
        raise SettingsError(f'{location} needs hosts, such as hosts = ["wiki.example.org"].')
    rules = table.get("rule", [])
    if not is_tables(rules):
        raise SettingsError(f"{location}: rules are tables [[app.rule]].")
    for place, rule in enumerate(rules, 1):
        refuse_wrong_types(f"{location}: rule {place}", rule, RULE_KEYS)
    settings = tuple(RuleSettings(**rule) for rule in rules) or (RuleSettings(),)
    return DeclaredApp(slug, table.get("enabled", True), {"name": slug} | dict(table), settings)


def refuse_wrong_types(location: str, table: Mapping[str, Any], types_by_name: Mapping[str, type]) -> None:
    if unknown := sorted(table.keys() - types_by_name.keys()):
        raise SettingsError(f"{location} has an unknown name: {unknown[0]}.")
    for name, value in table.items():
        if not isinstance(value, types_by_name[name]):
            raise SettingsError(f"{location}: {name} is {IN_WORDS[types_by_name[name]]}.")
        if isinstance(value, list) and name != "rule" and not all(isinstance(one, str) for one in value):
            raise SettingsError(f"{location}: {name} is a list of texts.")


def written(db: Session, rows: Iterable[ProxiedApp]) -> str:
    """The apps as a file that declares the same."""
    return "\n".join(table_of(db, row) for row in rows)


def table_of(db: Session, row: ProxiedApp) -> str:
    current = lifecycle.settings_of(db, row)
    owner = shown_names(db, [str(current.owner_id)]) if current.owner_id else []
    lists = {"hosts": current.hosts, "roles": current.roles, "people": shown_names(db, current.people)}
    values = {"slug": row.slug, "name": current.name, "icon": current.icon, "owner": "".join(owner)} | lists
    lines = ["[[app]]", *(line(name, value) for name, value in values.items() if value)]
    if row.disabled_at is not None:
        lines.append(line("enabled", value=False))
    for rule in current.rules:
        lines += ["", "[[app.rule]]", *rule_lines(rule)]
    return "\n".join([*lines, ""])


def rule_lines(rule: RuleSettings) -> list[str]:
    """The lines of a rule: its path, and what differs from the defaults."""
    usual = RuleSettings()
    unusual = (name for name in RULE_FIELDS if name == "path" or lifecycle.differs(rule, usual, name))
    return [line(name, getattr(rule, name)) for name in unusual]


def line(name: str, value: object) -> str:
    # Texts of JSON are texts of TOML (TOML 1.0, Basic strings), except for the one control character that JSON leaves.
    text = json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")
    return f"{name} = {text}"
