"""The number of live credentials names every kind that is issued, which a large PostgreSQL is asked for one by one."""

import ast
from collections.abc import Iterator

from webapp.credentials import lifecycle
from webapp.credentials.live_by_kind import KINDS
from webapp.settings.paths import CHECKOUT


def issued_kinds() -> Iterator[str]:
    for file in (CHECKOUT / "webapp").rglob("*.py"):
        if "credentials.issue(" not in (text := file.read_text()):
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "credentials.issue":
                (kind,) = (keyword.value for keyword in node.keywords if keyword.arg == "kind")
                yield kind.value if isinstance(kind, ast.Constant) else getattr(lifecycle, ast.unparse(kind))


def test_every_kind_that_is_issued_is_counted():
    assert sorted(issued_kinds()) == sorted(KINDS)
