"""Rules that no tool checks: tables stay in their package, audit events are never rewritten, files are short."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1] / "webapp"
# Who queries tables of another package, and why. All others call its functions; rows may be passed to anybody.
MAY_QUERY = {
    # Every request pays for it: credential, user and role come in one row (performance.md).
    "accounts/credential_lookup.py": {"Credential"},
    # One statement for each check of a proxy, with what the app may learn of the user.
    "forward_auth/credential_query.py": {"Credential", "User"},
    # An app asks userinfo for each of its users: claims of the user and settings of the app come in one row.
    "oauth/userinfo_lookup.py": {"User"},
    # A token and its credential are two halves of one thing, with one id: they are found, sorted and paged together.
    "tokens/issuing.py": {"Credential"},
    "tokens/lifecycle.py": {"Credential"},
    "tokens/token_list.py": {"Credential"},
    "tokens/reminders.py": {"Credential"},
    "tokens/rotation.py": {"Credential"},
    "tokens/script_logins.py": {"Credential"},
}

# Function names that say nothing without the module's: each stood for up to two dozen different functions.
VAGUE = {"called", "described", "held", "here", "judged", "page", "refused", "shown", "surroundings", "told", "wish"}


def modules(word: str = "") -> Iterator[tuple[str, ast.Module]]:
    """Those with the word, for parsing all takes a second."""
    for file in sorted(ROOT.rglob("*.py")):
        name = file.relative_to(ROOT).as_posix()
        if not name.startswith("migrations/") and word in (text := file.read_text()):
            yield name, ast.parse(text)


@cache
def defined() -> list[tuple[str, type[ast.stmt], str]]:
    """The module, kind and name of each class and function that no other one contains."""
    return [
        (name, type(node), node.name)
        for name, module in modules()
        for node in module.body
        if isinstance(node, ast.ClassDef | ast.FunctionDef)
    ]


def test_services_are_looked_up_only_by_type():
    """Only the registry touches ``app.extensions``, where Flask's own extensions keep their state."""
    users = {
        name
        for name, module in modules("extensions")
        for node in ast.walk(module)
        if isinstance(node, ast.Attribute) and node.attr == "extensions"
    }
    assert users == {"web/registry.py"}


def test_no_two_public_classes_share_a_name():
    """Whoever reads a class name, or searches for it, finds one class."""
    places = defaultdict(list)
    for module, kind, name in defined():
        if kind is ast.ClassDef and not name.startswith("_"):
            places[name].append(module)
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def test_functions_are_named_for_what_they_do_or_return():
    assert [(module, name) for module, kind, name in defined() if kind is ast.FunctionDef and name in VAGUE] == []


def tables_of_others(name: str, module: ast.Module) -> set[str]:
    """What a module imports from another package's ``models``."""
    found = set()
    for node in ast.walk(module):
        if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith("webapp."):
            continue
        _, package, *rest = (node.module or "").split(".")
        if package != name.split("/")[0]:
            found |= {alias.asname or alias.name for alias in node.names if "models" in (*rest, alias.name)}
    return found


def asked(module: ast.Module) -> Iterator[str]:
    """The names whose columns are taken, that are called, or handed to a call: a type of an argument is none of it."""
    for node in ast.walk(module):
        match node:
            case ast.Attribute(value=ast.Name(id=name)):
                yield name
            case ast.Call(func=function, args=arguments, keywords=keywords):
                for given in (function, *arguments, *(keyword.value for keyword in keywords)):
                    if isinstance(given, ast.Name):
                        yield given.id


def test_tables_are_queried_by_their_own_package() -> None:
    imports = ((name, module, tables_of_others(name, module)) for name, module in modules("models"))
    asks = {name: tables & set(asked(module)) for name, module, tables in imports if tables}
    assert {name: tables for name, tables in asks.items() if tables} == MAY_QUERY


def test_only_the_archive_deletes_events_and_no_code_changes_one() -> None:
    removes = {
        name
        for name, module in modules("AuditEvent")
        for node in ast.walk(module)
        if isinstance(node, ast.Call) and {"delete", "update"} & set(re.findall(r"\w+", ast.unparse(node.func)))
        if any("AuditEvent" in ast.unparse(given) for given in node.args)
    }
    assert removes == {"audit/archive.py"}


def test_no_raw_sql_writes_to_the_audit_log() -> None:
    for file in ROOT.rglob("*.py"):
        if "migrations" not in file.parts:
            assert not re.search(r"(UPDATE|DELETE\s+FROM|INTO)\s+\"?audit_", file.read_text()), file


def test_no_file_is_too_long() -> None:
    """Except for the one that is made to be copied whole."""
    of_ours = [
        file for folder in ("webapp", "tests", "templates", "static") for file in (ROOT.parent / folder).rglob("*")
    ]
    of_ours = [file for file in of_ours if "node_modules" not in file.parts]
    told = (file for file in of_ours if file.suffix in {".py", ".html", ".txt", ".js", ".mjs", ".css"})
    long = {file.relative_to(ROOT.parent).as_posix() for file in told if len(file.read_text().splitlines()) > 250}
    assert long == {"webapp/verify.py"}
