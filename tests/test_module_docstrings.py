"""The first line of a module names only functions and classes that the module has."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MODULES = [path for path in sorted((ROOT / "webapp").rglob("*.py")) if "versions" not in path.parts]
HEAD = re.compile(r"(\w+(?:\(\))?(?:(?:, | and )\w+(?:\(\))?)*):")
CLASS = re.compile(r"[A-Z][a-z]+[A-Z]\w*")


def named_in(line: str) -> set[str]:
    """Names of functions, and names of classes before the colon."""
    head = HEAD.match(line)
    heads = re.split(", | and ", head[1]) if head else []
    return {name for name in heads if CLASS.fullmatch(name)} | set(re.findall(r"\b([a-z_]\w+)\(\)", line))


def known_in(tree: ast.Module) -> set[str]:
    known = {getattr(node, attribute, None) for node in ast.walk(tree) for attribute in ("name", "id", "attr", "arg")}
    return {name.rpartition(".")[2] for name in known if name}


def unknown_in(source: str) -> set[str]:
    tree = ast.parse(source)
    return named_in((ast.get_docstring(tree) or "").partition("\n")[0]) - known_in(tree)


def test_a_first_line_names_what_is_there():
    found = {str(path.relative_to(ROOT)): unknown_in(path.read_text()) for path in MODULES}
    assert {path: names for path, names in found.items() if names} == {}


@pytest.mark.parametrize(
    ("line", "unknown"),
    [
        ("read(): decodes a text.", {"read"}),
        ("TokenReader: decodes a text, by decode().", {"TokenReader"}),
        ("TokenReading and decode(): what is read.", set()),
        ("Reads a text; the ASGI gateway: not a name.", set()),
    ],
)
def test_a_name_that_is_not_there_is_found(line, unknown):
    assert unknown_in(f'"""{line}"""\nclass TokenReading: ...\ndef decode(): ...\n') == unknown
